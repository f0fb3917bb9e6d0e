"""Takes over authenticators and recovery codes from django-otp's tables, which held them in clear, and drops these.

An old release that still runs then fails instead of letting a password enrol a new authenticator.
"""

from django.db import migrations

TOTP, STATIC, TOKEN = "otp_totp_totpdevice", "otp_static_staticdevice", "otp_static_statictoken"


def take_over(apps, schema_editor):
    connection = schema_editor.connection
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if TOTP in tables:
            codes = _codes(cursor) if {STATIC, TOKEN} <= tables else {}
            _copy(cursor, apps.get_model("project", "Authenticator"), codes)
        for table in (TOKEN, STATIC, TOTP):
            if table in tables:
                cursor.execute(f"DROP TABLE {table}")


def _codes(cursor):
    cursor.execute(f"SELECT d.user_id, t.token FROM {TOKEN} t JOIN {STATIC} d ON d.id = t.device_id ORDER BY t.id")
    found = {}
    for user, code in cursor.fetchall():
        found.setdefault(user, []).append(code)
    return found


def _copy(cursor, authenticators, codes):
    cursor.execute(f"SELECT user_id, name, confirmed, key, drift, last_t FROM {TOTP} ORDER BY confirmed DESC, id")
    taken = set()
    for user, name, confirmed, key, drift, last_t in cursor.fetchall():
        if user not in taken:
            taken.add(user)
            kept = codes.get(user, []) if confirmed else []
            authenticators.objects.create(
                user_id=user, name=name, confirmed=bool(confirmed), key=key, drift=drift, last_t=last_t, recovery_codes=kept
            )


class Migration(migrations.Migration):

    dependencies = [("project", "0001_authenticators")]

    operations = [migrations.RunPython(take_over, migrations.RunPython.noop, elidable=True)]
