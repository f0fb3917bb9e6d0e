-- Of a thousand runs that follow each other the first is the parent of the next hundred, the middle one of 20,000; r and
-- q are random, 0 to 1.
WITH numbered AS MATERIALIZED (
    SELECT n, pg_temp.at(n) AS at, pg_temp.run_id(n) AS id, n > {rows} - 2 * {live} AND n % 2 = 0 AS is_live,
        n % ({rows} / 200) = 7 AND n < {rows} / 5 AS is_rare, n - {rows} / 2 BETWEEN 1 AND 20000 AS is_of_many,
        n % 1000 BETWEEN 1 AND 100 AND n > 1000 OR n - {rows} / 2 BETWEEN 1 AND 20000 AS is_child,
        (hashint8(n) & 2147483647) / 2147483648.0::float8 AS r, (hashint8(-n) & 2147483647) / 2147483648.0::float8 AS q
    FROM generate_series({first}::bigint, {last}::bigint) n
), staged AS MATERIALIZED (
    SELECT *, 1 + floor({jobs} * r * r)::int AS j, r < 0.3 AND NOT is_rare AND NOT is_child AS is_fired,
        CASE WHEN is_live THEN (ARRAY['QUEUED', 'QUEUED', 'QUEUED', 'PACKED', 'PACKED', 'SCHEDULED',
                CASE WHEN n % 10 = 0 THEN 'RUNNING' ELSE 'RETRYING' END])[1 + n % 7]
            WHEN is_rare THEN 'MISSED' WHEN q < 0.01 THEN 'FAILED' WHEN q < 0.013 THEN 'CANCELLED'
            WHEN q < 0.016 THEN 'SKIPPED' ELSE 'SUCCESS' END AS stage
    FROM numbered
), timed AS MATERIALIZED (
    SELECT *, stage IN ('SUCCESS', 'FAILED', 'RUNNING', 'RETRYING') AS has_run,
        at + exp(2 + 3 * r) * interval '1 ms' AS started,
        at + (exp(2 + 3 * r) + exp(3 + 7 * q)) * interval '1 ms' AS ended,
        CASE WHEN is_of_many THEN pg_temp.run_id({rows} / 2) WHEN is_child THEN pg_temp.run_id(n - n % 1000) END AS parent
    FROM staged
), runs AS (
    INSERT INTO jobs_run (id, job, queue, priority, state, args, kwargs, options, cause, schedule_id, fire_at, tenant,
        created_at, run_at, published_at, started_at, finished_at, attempt, max_attempts, token, process_id, worker_id,
        correlation_id, parent_id, root_id, waits_for, concurrency_limit, rate_reserved, cpu_seconds, max_rss,
        error_kind, error_message, error_fingerprint, attempts, resolved_at, reason, code_version, owner_id, is_packed)
    SELECT id, CASE WHEN is_rare THEN '{rare}' ELSE 'bench_' || j END,
        CASE WHEN is_rare THEN '{rare}'
            ELSE (ARRAY['base', 'email', 'ai', 'notifications', 'maintenance'])[1 + j % 5] END,
        0, CASE stage WHEN 'PACKED' THEN 'QUEUED' ELSE stage END, '[]', '{{"user_id": ' || n || '}}', '{{}}',
        CASE WHEN is_rare THEN 'foreign' WHEN is_child THEN 'parent' WHEN is_fired THEN 'schedule'
            WHEN r < 0.4 THEN 'api' ELSE 'code' END,
        CASE WHEN is_fired THEN first.schedule + n % {schedules} END, CASE WHEN is_fired THEN at END,
        CASE WHEN j < 8 THEN 'tenant' || n % 50 ELSE '' END, at,
        CASE WHEN stage IN ('SCHEDULED', 'RETRYING') THEN at + interval '1 day' ELSE at END,
        CASE WHEN NOT is_live OR stage = 'RUNNING' OR stage = 'QUEUED' AND n % 140 = 0 THEN at END,
        CASE WHEN has_run THEN started END, CASE WHEN is_live THEN NULL WHEN has_run THEN ended ELSE started END,
        has_run::int, 3, has_run::int, CASE WHEN has_run THEN 1 END,
        CASE WHEN has_run THEN md5('worker' || n % {workers})::uuid END, 'job-' || md5(n::text)::uuid, parent, parent,
        '', 1, false, CASE WHEN has_run THEN q END, CASE WHEN has_run THEN 80000000 END,
        CASE stage WHEN 'FAILED' THEN 'ValueError' ELSE '' END,
        CASE stage WHEN 'FAILED' THEN 'no such thing: ' || n ELSE '' END,
        CASE stage WHEN 'FAILED' THEN substr(md5((n % 500)::text), 1, 16) ELSE '' END, '[]',
        CASE WHEN stage = 'FAILED' AND n % 2 = 0 THEN ended END, '', '1.0',
        CASE WHEN is_rare THEN first.owner + {users} WHEN r > 0.7 THEN first.owner + n % {users} END, stage = 'PACKED'
    FROM timed, (SELECT (SELECT min(id) FROM django_celery_beat_periodictask WHERE name LIKE 'bench %') AS schedule,
        (SELECT min(id) FROM auth_user WHERE username LIKE 'bench%') AS owner) AS first
), logs AS (
    INSERT INTO jobs_logchunk (run_id, lines, size, text)
    SELECT id, 1, 90, '{{"at": "' || to_char(started, 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')
        || '", "attempt": 1, "level": "info", "text": "done"}}'
    FROM timed WHERE has_run AND n % 10 = 0
)
INSERT INTO django_celery_results_taskresult (task_id, status, content_type, content_encoding, result, date_done,
    traceback, meta, task_name, worker, date_created)
SELECT id, CASE stage WHEN 'FAILED' THEN 'FAILURE' ELSE stage END, 'application/json', 'utf-8',
    '{{"done": ' || n || '}}', ended,
    CASE stage WHEN 'FAILED' THEN 'Traceback (most recent call last): ValueError' END, '{{"children": []}}',
    'bench_' || j, 'w' || n % {workers} || '@bench', ended
FROM timed WHERE stage IN ('SUCCESS', 'FAILED')
