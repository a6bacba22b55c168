"""Keys that many remote controls have, and the names by which collections of codes call them.

Learned keys are stored under the names here. Those of the Linux kernel (`KEY_VOLUMEUP`), of Flipper (`Vol_up`), SmartIR
(`volumeUp`) and IRDB (`VOLUME +`) stay as they are, and are recognized when they are shown.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
import re

NAMED_KEYS = (
    "power",
    "power_on",
    "power_off",
    "volume_up",
    "volume_down",
    "mute",
    "channel_up",
    "channel_down",
    "source",
    "up",
    "down",
    "left",
    "right",
    "ok",
    "back",
    "home",
    "menu",
    "info",
    "guide",
    "exit",
    "settings",
    "play",
    "pause",
    "play_pause",
    "stop",
    "next",
    "previous",
    "fast_forward",
    "rewind",
    "record",
    "eject",
    "repeat",
    "shuffle",
    "red",
    "green",
    "yellow",
    "blue",
    "subtitles",
    "audio",
    "favorites",
    "search",
    "zoom",
    "sleep",
    "timer",
    "mode",
    "swing",
    "speed_up",
    "speed_down",
    "brightness_up",
    "brightness_down",
    "temperature_up",
    "temperature_down",
    "star",
    "hash",
)
DIGITS = tuple("1234567890")
COMMON_KEYS = (*NAMED_KEYS, *DIGITS)

# Other names, without the differences that `_normalized` removes. Of the commands of a device with the same key, the one
# whose name stands first has it.
_OTHER_NAMES = {
    "power": "powertoggle poweronoff pwr onoff power2 standby ligadesliga liga",
    "power_on": "on turnon ligar",
    "power_off": "off turnoff desligar desliga",
    "volume_up": "volup",
    "mute": "mutetoggle muting mudo",
    "channel_up": "chnext nextchannel",
    "channel_down": "chprev previouschannel",
    "source": "input inputselect inputsource inputscroll tvav tvvideo av fonte entrada",
    "ok": "enter select center centre cursorenter cursorok cursorselect confirm kpenter",
    "back": "return voltar",
    "home": "homepage inicio",
    "menu": "mainmenu",
    "info": "information display displayinfo",
    "guide": "epg guia",
    "exit": "sair",
    "settings": "setup config configuration setting",
    "play": "playcd play> reproduzir",
    "pause": "pausecd pause|| pausar",
    "play_pause": "playpause",
    "stop": "stopcd parar",
    "next": "nextsong nexttrack skip>> skipforward proximo próximo",
    "previous": "prev previoussong previoustrack skip<< skipback anterior",
    "fast_forward": "ff ffwd fwd forward search>> scan>> >> avancar avançar",
    "rewind": "rew rev reverse fastbackward fastba search<< scan<< << rew<< retroceder",
    "record": "rec gravar",
    "eject": "ejectcd ejectclosecd openclose open",
    "repeat": "again",
    "shuffle": "random",
    "red": "vermelho",
    "green": "verde",
    "yellow": "amarelo",
    "blue": "azul",
    "subtitles": "subtitle caption captions cc legenda legendas",
    "audio": "language audiomode audiotrack",
    "favorites": "favorite fav favoritos",
    "search": "pesquisa",
    "zoom": "aspect aspectratio",
    "sleep": "sleeptimer",
    "timer": "temporizador",
    "mode": "modo",
    "swing": "oscillate oscillation rotate oscilar",
    "brightness_up": "brighten",
    "brightness_down": "dim",
    "star": "* asterisk numericstar kpasterisk",
    "hash": "# pound numericpound numerichash",
}
_PAIRS = {
    "volume": "volume vol",
    "channel": "channel ch chan program programme prog canal",
    "speed": "speed fanspeed fan velocidade",
    "brightness": "brightness bright brilho",
    "temperature": "temperature temp temperatura",
}
_ENDS = {"up": "up + plus ^ inc increase mais", "down": "down dn - minus v dec decrease menos"}
_ARROWS = {"up": "up cima", "down": "down baixo", "left": "left esquerda", "right": "right direita"}
_ARROW_PREFIXES = ("", "cursor", "arrow", "nav", "dpad")
# A remote control repeats them while they are held, even if it sends the whole message again
REPEATED_KEYS = frozenset({*_ARROWS, *(f"{pair}_{way}" for pair in _PAIRS for way in _ENDS)})
_DIGIT_PREFIXES = ("", "numeric", "num", "number", "digit", "kp")

_ACRONYMS = frozenset(
    [
        "am",
        "av",
        "aux",
        "bd",
        "cd",
        "dtv",
        "dvd",
        "dvr",
        "fm",
        "hd",
        "hdmi",
        "pc",
        "pip",
        "pvr",
        "rgb",
        "tv",
        "usb",
        "vcr",
        "vga",
    ]
)
_LINUX_PREFIX = "KEY_"
_PREFIX = re.compile(r"(?:key|btn)_")
_BETWEEN_WORDS = re.compile(r"[\s_./()\[\]]|(?<=\w)-(?=\w)")


def _normalized(name: str) -> str:
    """Return a name without its prefix, upper case, and what is between its words."""
    return _BETWEEN_WORDS.sub("", _PREFIX.sub("", name.casefold(), count=1))


def _names() -> Iterator[tuple[str, str]]:
    """Yield each common key with each of its names, the preferred first."""
    for key in COMMON_KEYS:
        yield key, _normalized(key)
    for key, names in _OTHER_NAMES.items():
        yield from ((key, name) for name in names.split())
    for pair, names in _PAIRS.items():
        for way, ends in _ENDS.items():
            yield from ((f"{pair}_{way}", name + end) for name in names.split() for end in ends.split())
    for key, names in _ARROWS.items():
        yield from ((key, prefix + name) for name in names.split() for prefix in _ARROW_PREFIXES)
    for key in DIGITS:
        yield from ((key, prefix + key) for prefix in _DIGIT_PREFIXES)


_KEYS: dict[str, tuple[int, str]] = {}
for _rank, (_key, _name) in enumerate(_names()):
    _KEYS.setdefault(_name, (_rank, _key))


def common_keys(names: Iterable[str]) -> Mapping[str, str]:
    """Return the common keys of a device's commands, given by their names, by these names. No two have the same key."""
    found: dict[str, tuple[int, str]] = {}
    for name in names:
        if known := _KEYS.get(_normalized(name)):
            rank, key = known
            ranked = (-1 if name == key else rank, name)
            found[key] = min(found.get(key, ranked), ranked)
    return {name: key for key, (_, name) in found.items()}


def shown_keys(names: Collection[str]) -> dict[str, str]:
    """Return what to show for a device's commands: their common keys, or their names as people write them."""
    keys = common_keys(names)
    return {name: keys.get(name) or readable(name) for name in names}


def shown_keys_of_devices(devices: Mapping[str, Collection[str]]) -> dict[str, dict[str, str]]:
    """Return what to show for the commands of each device. Takes a while for thousands of commands."""
    return {device: shown_keys(commands) for device, commands in devices.items()}


def shown_key(name: str, names: Iterable[str]) -> str:
    """Return what to show for one of a device's commands, as `shown_keys` does."""
    key = common_keys([name]) and common_keys(names).get(name)  # a device may have thousands of states
    return key or readable(name)


def readable(command: str) -> str:
    """Return the name of a command as people write it: `KEY_VOLUME_UP` is “Volume up”."""
    words = re.sub(r"[_\s]+", " ", command.removeprefix(_LINUX_PREFIX)).strip() or command
    if not (words.isupper() or words.islower()):
        return words
    sentence = words[0].upper() + words[1:].lower()
    return " ".join(word.upper() if word.casefold() in _ACRONYMS else word for word in sentence.split(" "))
