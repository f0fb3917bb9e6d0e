"""A Message-ID may belong to several threads; built beside a live table, where syncs of the older release go on."""

from django.db import migrations, models

from jobs.live_indexes import AddIndexLive, AddUniqueLive


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('ingestion', '0005_what_became_of_mail'),
    ]

    operations = [
        AddIndexLive(
            model_name='threadreference',
            index=models.Index(fields=['account', 'message_id'], name='reference_by_message_id'),
        ),
        AddUniqueLive(
            model_name='threadreference',
            constraint=models.UniqueConstraint(fields=('thread', 'message_id'), name='reference_once_per_thread'),
        ),
        migrations.RemoveConstraint(
            model_name='threadreference',
            name='reference_in_one_thread',
        ),
    ]
