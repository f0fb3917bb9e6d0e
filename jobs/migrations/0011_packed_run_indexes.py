"""Built beside a live table: neither enqueueing nor workers wait for them."""

from django.db import migrations, models

import jobs.states
from jobs.migrations._live import AddIndexLive, RemoveIndexLive


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('jobs', '0010_packed_runs'),
    ]

    operations = [
        AddIndexLive(
            model_name='run',
            index=models.Index(condition=models.Q(('is_packed', False), ('published_at', None), ('state', jobs.states.State['QUEUED'])), fields=['queue', 'tenant', '-priority', 'created_at', 'id'], name='run_waiting'),
        ),
        AddIndexLive(
            model_name='run',
            index=models.Index(condition=models.Q(('is_packed', True), ('state', jobs.states.State['QUEUED'])), fields=['queue', 'job', 'tenant', '-priority', 'created_at', 'id'], name='run_packed'),
        ),
        RemoveIndexLive(
            model_name='run',
            name='run_by_tenant',
        ),
    ]
