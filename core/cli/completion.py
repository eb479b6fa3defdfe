"""What lets a shell complete the command line: jobs, options, and the words of options with choices."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

SHELLS = ("bash", "zsh", "fish")

_BASH = """\
_{program}() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" job="${{COMP_WORDS[1]}}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="{jobs}"
  else
    case "$job $before" in
{choices}
    esac
    if [ -z "$words" ] && [ "${{word#-}}" != "$word" ]; then
      case "$job" in
{options}
      esac
    fi
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _{program} {program}
"""
_ZSH = "#compdef {program}\nautoload -U +X bashcompinit && bashcompinit\n{bash}"


def script(shell: str, program: str, parsers: Mapping[str, argparse.ArgumentParser]) -> str:
    """What a shell reads to complete the program's arguments.

    Args:
        shell: one of :data:`SHELLS`.
        program: its name.
        parsers: of the jobs, by name.

    Returns:
        The script.
    """
    if shell == "fish":
        return _fish(program, parsers)
    choices, options = [], []
    for job, parser in parsers.items():
        for action in parser._actions:
            if action.choices and action.option_strings:
                patterns = "|".join(f'"{job} {flag}"' for flag in action.option_strings)
                choices.append(f'      {patterns}) words="{" ".join(map(str, action.choices))}" ;;')
        options.append(f'        {job}) words="{" ".join(_flags(parser))}" ;;')
    lines = {"choices": "\n".join(choices), "options": "\n".join(options)}
    bash = _BASH.format(program=program, jobs=" ".join(parsers), **lines)
    return bash if shell == "bash" else _ZSH.format(program=program, bash=bash)


def _flags(parser: argparse.ArgumentParser) -> list[str]:
    return [flag for action in parser._actions for flag in action.option_strings if flag.startswith("--")]


def _fish(program: str, parsers: Mapping[str, argparse.ArgumentParser]) -> str:
    lines = [f"complete -c {program} -n __fish_use_subcommand -f -a '{' '.join(parsers)}'"]
    for job, parser in parsers.items():
        for action in parser._actions:
            for flag in (flag for flag in action.option_strings if flag.startswith("--")):
                more = f" -x -a '{' '.join(map(str, action.choices))}'" if action.choices else ""
                lines.append(f"complete -c {program} -n '__fish_seen_subcommand_from {job}' -l {flag[2:]}{more}")
    return "\n".join([*lines, ""])
