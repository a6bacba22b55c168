"""Selection of the statistics that are sent."""

from collections.abc import Mapping, Sequence

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .entities import Wanted
from .recorder_statistics import Meta, Overview
from .recorder_tables import Selected, Times
from .statistics_checkpoint import About, Known, Statistic


@callback
def async_select(
    hass: HomeAssistant, metas: Sequence[Meta], wanted: Wanted, known: Mapping[str, Known]
) -> list[Statistic]:
    """Return the statistics that are sent.

    The recorder renames a statistic with its entity. So a statistic belongs to the entity that has its name now.

    Args:
        hass: Home Assistant.
        metas: The recorder's statistics.
        wanted: The selected entities.
        known: Statistics that were sent before. Those of an entity that was removed keep their key.
    """
    registry = er.async_get(hass)
    remembered = {(one.metadata_id, one.about.statistic_id): key for key, one in known.items()}
    selected = wanted.selected.resolve(lambda: [_name(meta) for meta in metas])
    found: dict[str, Statistic] = {}
    others: list[Meta] = []
    for meta in metas:
        entry = registry.async_get(meta.statistic_id)
        is_remembered = entry is None and meta[:2] in remembered
        if not _is_selected(selected, _name(meta), is_remembered=is_remembered):
            continue
        if entry:
            origin = wanted.identities.origins.get(meta.statistic_id)
            about = About(*meta[1:], origin.platform if origin else None, origin.key if origin else None)
            found[entry.id] = Statistic(entry.id, meta.metadata_id, about)
        else:
            others.append(meta)
    for meta in others:
        key = remembered.get(meta[:2], meta.statistic_id)
        if key in found:
            key = meta.statistic_id
        platform, translation_key = known[key].about[3:] if key in known else (None, None)
        found[key] = Statistic(key, meta.metadata_id, About(*meta[1:], platform, translation_key))
    return list(found.values())


def find_deleted(overview: Overview, statistics: Sequence[Statistic], known: Mapping[str, Known]) -> list[str]:
    """Return the keys of known statistics that the recorder no longer has."""
    keys = {statistic.metadata_id: statistic.key for statistic in statistics}
    present = {meta.metadata_id for meta in overview.metas}
    current = set(keys.values())
    return [
        key
        for key, one in known.items()
        if key not in current and (one.metadata_id not in present or one.metadata_id in keys)
    ]


def _name(meta: Meta) -> str:
    """Return the name by which a statistic is selected. Those of other programs, like `domain:name`, have no entity."""
    return meta.statistic_id.replace(":", ".", 1)


def _is_selected(selected: Selected, name: str, *, is_remembered: bool) -> bool:
    """Return whether the statistics of a name are sent now.

    Args:
        selected: The selected names.
        name: The name.
        is_remembered: Whether they were sent before, and are of an entity that was removed.
    """
    if name in selected.excluded or _is_current(selected.excluded_times, name):
        return False
    if selected.entity_ids is None or name in selected.entity_ids or is_remembered:
        return True
    return _is_current(selected.times, name)


def _is_current(times: Sequence[Times], name: str) -> bool:
    return any(part.entity_id == name and part.until is None for part in times)
