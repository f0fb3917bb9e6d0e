
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0017_results_without_unread_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='DayTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('start', models.DateTimeField(help_text='When the span begins.')),
                ('job', models.CharField(max_length=200)),
                ('queue', models.CharField(max_length=100)),
                ('succeeded', models.PositiveBigIntegerField(default=0)),
                ('failed', models.PositiveBigIntegerField(default=0)),
                ('cancelled', models.PositiveBigIntegerField(default=0)),
                ('skipped', models.PositiveBigIntegerField(default=0)),
                ('missed', models.PositiveBigIntegerField(default=0)),
                ('retries', models.PositiveBigIntegerField(default=0, help_text="Attempts beyond each run's first.")),
                ('seconds', models.FloatField(default=0.0, help_text='Duration of the last attempts, summed.')),
                ('cpu_seconds', models.FloatField(default=0.0, help_text='Their CPU, summed.')),
                ('longest_seconds', models.FloatField(default=0.0, help_text='The longest of them.')),
                ('wait_seconds', models.FloatField(default=0.0, help_text='From when each was due to its start, summed.')),
                ('durations', models.JSONField(default=dict, help_text='Histogram of the durations: {bucket: count}.')),
                ('waits', models.JSONField(default=dict, help_text='Histogram of the waits: {bucket: count}.')),
                ('last_finished_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('start', 'job', 'queue'), name='day_tally_once')],
            },
        ),
    ]
