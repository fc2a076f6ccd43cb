
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runbooks', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='review',
            name='language',
            field=models.CharField(blank=True, editable=False, help_text='Of the first who saved it.', max_length=16, verbose_name='language of the text'),
        ),
    ]
