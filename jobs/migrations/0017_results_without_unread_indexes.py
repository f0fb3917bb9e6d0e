"""What nothing of ours reads, but every result pays for, see ADR 21; dropped beside a live table."""

from django.db import migrations

from jobs.live_indexes import WithoutIndexLive

UNREAD = (
    'django_cele_task_na_08aec9_idx',
    'django_cele_status_9b6201_idx',
    'django_cele_worker_d54dd8_idx',
    'django_cele_date_cr_f04a50_idx',
    'django_cele_date_do_f59aad_idx',
    'django_cele_periodi_1993cf_idx',
)


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('jobs', '0016_lists_without_scans'),
        ('django_celery_results', '0014_alter_taskresult_status'),
    ]

    operations = [WithoutIndexLive('django_celery_results', 'taskresult', name) for name in UNREAD]
