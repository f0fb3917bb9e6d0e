from celery import Task
class Job(Task):
    abstract = True
