"""Repair issues of servers that fail, and the deletion of issues, which a user may ignore."""

from collections.abc import Callable

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DELETED_ISSUE_PREFIX, DOMAIN

FAILURES = 3  # in a row until a server has an issue; one that starts may reject requests for a moment


@callback
def async_withdraw_issue(hass: HomeAssistant, issue_id: str) -> None:
    """Delete an issue whose problem may still exist, such as at a reload.

    An issue that a user ignores is kept, because the registry would forget that, so that it is still ignored when it is
    created again.
    """
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    if issue is not None and issue.dismissed_version is None:
        ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_stop_ignoring(hass: HomeAssistant, issue_id: str, has_changed: Callable[[ir.IssueEntry], bool]) -> None:
    """Delete an issue that a user ignores if it is created again for another cause.

    Args:
        hass: Home Assistant.
        issue_id: The issue, which may not exist.
        has_changed: Returns whether the issue is not what the user ignored. It is not called for an issue from before the
            start, of which the registry only knows that it is ignored.
    """
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    if issue and issue.dismissed_version is not None and issue.translation_key is not None and has_changed(issue):
        ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_delete_issues(hass: HomeAssistant, owner_id: str) -> None:
    """Delete all issues of an entry or a subentry that was removed."""
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN and owner_id in issue_id.split("_"):
            ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_delete_orphaned_issues(hass: HomeAssistant) -> None:
    """Delete the issues of subentries that were removed while their entry was not loaded, except those that restore them."""
    known = {
        owner_id
        for entry in hass.config_entries.async_entries(DOMAIN)
        for owner_id in (entry.entry_id, *entry.subentries)
    }
    for domain, issue_id in list(ir.async_get(hass).issues):
        is_of_deleted = issue_id.startswith(DELETED_ISSUE_PREFIX)
        if domain == DOMAIN and not is_of_deleted and known.isdisjoint(issue_id.split("_")):
            ir.async_delete_issue(hass, DOMAIN, issue_id)
