"""Users and groups in the admin, in the project's theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from jobs.admin.recorded import Recorded
from project.second_factor import devices

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
else:
    from unfold.admin import ModelAdmin

admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(Recorded, DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    """Users."""

    actions = ["reset_second_factor"]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    @admin.action(description="Reset the second factor", permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Forget authenticators and recovery codes, so that the users enrol anew at their next login."""
        count = sum(devices.reset(user) for user in users)
        self.message_user(request, f"{count} reset.")


@admin.register(Group)
class GroupAdmin(Recorded, DjangoGroupAdmin, ModelAdmin):  # type: ignore[type-arg]
    """Groups."""
