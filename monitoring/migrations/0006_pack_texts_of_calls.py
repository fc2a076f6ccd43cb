"""What was said in calls, beside their payload: packed, by the span that told it where one did."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0005_remember_price_edits'),
    ]

    operations = [
        migrations.AddField(
            model_name='llmcall',
            name='texts',
            field=models.BinaryField(db_default=b'', default=b'', help_text='JSON object of what was said, deflated where that is shorter, by its span where one of its key tells it.'),
        ),
    ]
