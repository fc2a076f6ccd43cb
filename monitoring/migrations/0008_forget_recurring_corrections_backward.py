"""On the way back corrections that recur are forgotten: as single stretches they would leave out more than was written."""

from django.db import migrations


def forget(apps, _editor):
    apps.get_model('monitoring', 'Correction').objects.exclude(start=None).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0007_let_corrections_recur'),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, forget),
    ]
