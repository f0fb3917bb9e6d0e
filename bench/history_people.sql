INSERT INTO auth_user (username, password, is_superuser, first_name, last_name, email, is_staff, is_active, date_joined)
SELECT 'bench' || n, '!', n = 1, '', '', '', n = 1, true, now() FROM generate_series(1, {users} + 1) n;

INSERT INTO django_celery_beat_intervalschedule (every, period) VALUES (30, 'days');

INSERT INTO django_celery_beat_periodictask (name, task, interval_id, args, kwargs, enabled, one_off, total_run_count,
    date_changed, description, headers)
SELECT 'bench ' || n, 'bench_' || n, (SELECT max(id) FROM django_celery_beat_intervalschedule), '[]', '{{}}', true,
    false, 0, now(), '', '{{}}'
FROM generate_series(1, {schedules} + 1) n;

INSERT INTO jobs_worker (id, kind, name, hostname, pid, queues, concurrency, code_version, started_at, heartbeat_at,
    heartbeats, lag_seconds)
SELECT md5('worker' || n)::uuid, 'worker', 'w' || n || '@bench', 'bench', n, '["base"]', 8, '', now(),
    now() + interval '1 day', 1, 0
FROM generate_series(0, {workers} - 1) n;
