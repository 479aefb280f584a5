"""Kubernetes objects as `kubectl kustomize` prints them, and what their fields mean."""

import math
import re

import yaml

# Suffixes of quantities, as the API server reads them.
SCALES = {"": 1, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
SCALES |= {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def load(path):
    with open(path) as file:
        return [item for item in yaml.safe_load_all(file) if item]


def quantity(text):
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(text)).groups()
    return float(number) * SCALES[unit]


def named(objects, kind, name):
    (found,) = [o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name]
    return found


def job(objects, component):
    """The Job of the coordinator or of the workers."""
    (found,) = [
        o
        for o in objects
        if o["kind"] == "Job"
        and o["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] == component
    ]
    return found


def environment(container):
    values = {}
    for entry in container.get("env", []):
        if "value" in entry:
            values[entry["name"]] = entry["value"]
            continue
        field = entry["valueFrom"]["resourceFieldRef"]
        assert field["containerName"] == container["name"], "of another container"
        section, resource = field["resource"].split(".")
        # The divisor is 1, and what is over is rounded up.
        values[entry["name"]] = str(math.ceil(quantity(container["resources"][section][resource])))
    return values


def command(container):
    """The command line with $(NAME) filled in."""
    values = environment(container)

    def fill(match):
        assert match[1] in values, f"$({match[1]}) is not among the variables"
        return values[match[1]]

    return [re.sub(r"\$\((\w+)\)", fill, word) for word in container["command"] + container.get("args", [])]


def options(words):
    """{"--name": value} of words like --name=value."""
    return dict(word.split("=", 1) for word in words if word.startswith("--") and "=" in word)


def matches(selector, labels):
    """A label selector of matchLabels alone; an empty one matches all."""
    assert set(selector) <= {"matchLabels"}, f"this selector says more: {selector}"
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
