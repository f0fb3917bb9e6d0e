from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0009_audit'),
    ]

    operations = [
        migrations.CreateModel(
            name='Bell',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('queue', models.CharField(max_length=100)),
                ('job', models.CharField(max_length=200)),
                ('rung_at', models.DateTimeField(help_text='When the bell on its way was rung; empty once it was heard.', null=True)),
            ],
            options={'constraints': [models.UniqueConstraint(fields=('queue', 'job'), name='bell_once')]},
        ),
        migrations.AddField(
            model_name='run',
            name='is_packed',
            field=models.BooleanField(db_default=False, default=False, help_text='Has no message of its own: a bell rings for many such runs.'),
        ),
    ]
