"""An installed app whose @task functions are in no module that Celery would look into."""
