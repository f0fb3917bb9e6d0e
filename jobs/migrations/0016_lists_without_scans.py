"""Built beside a live table: neither enqueueing nor workers wait for them."""

from django.db import migrations, models

import jobs.states
from jobs.live_indexes import AddIndexLive, RemoveIndexLive


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('jobs', '0015_rescued_runs'),
    ]

    operations = [
        AddIndexLive(
            model_name='run',
            index=models.Index(condition=models.Q(('state', jobs.states.State['FAILED'])), fields=['finished_at'], name='run_failed'),
        ),
        AddIndexLive(
            model_name='run',
            index=models.Index(condition=models.Q(('owner__isnull', False), ('state', jobs.states.State['FAILED'])), fields=['owner', 'finished_at'], name='run_failed_of_owner'),
        ),
        AddIndexLive(
            model_name='run',
            index=models.Index(condition=models.Q(('finished_at', None)), fields=['-created_at', '-id'], name='run_unfinished'),
        ),
        AddIndexLive(
            model_name='run',
            index=models.Index(condition=models.Q(('state__in', [jobs.states.State['CANCELLED'], jobs.states.State['FAILED'], jobs.states.State['MISSED'], jobs.states.State['SKIPPED']])), fields=['state', '-created_at', '-id'], name='run_unsuccessful'),
        ),
        AddIndexLive(
            model_name='run',
            index=models.Index(condition=models.Q(('finished_at__isnull', False)), fields=['queue', '-created_at', '-id'], name='run_by_queue'),
        ),
        AddIndexLive(
            model_name='run',
            index=models.Index(condition=models.Q(('finished_at__isnull', False)), fields=['cause', '-created_at', '-id'], name='run_by_cause'),
        ),
        AddIndexLive(
            model_name='run',
            index=models.Index(condition=models.Q(('resolved_at', None), ('state', jobs.states.State['FAILED'])), fields=['error_fingerprint', 'job', 'finished_at'], name='run_dead_letter'),
        ),
        AddIndexLive(
            model_name='run',
            index=models.Index(condition=models.Q(('schedule__isnull', False)), fields=['schedule', '-created_at', '-id'], name='run_of_schedule'),
        ),
        AddIndexLive(
            model_name='run',
            index=models.Index(condition=models.Q(('parent__isnull', False)), fields=['parent', 'created_at', 'id'], name='run_of_parent'),
        ),
        RemoveIndexLive(
            model_name='run',
            name='run_dead',
        ),
        RemoveIndexLive(
            model_name='run',
            name='run_by_schedule',
        ),
        RemoveIndexLive(
            model_name='run',
            name='run_by_parent',
        ),
    ]
