"""Reads attestations with the standards' own packages.

    check_attestations.py cyclonedx|spdx|in-toto FILE

Prints what was read as JSON: models, and per model its ancestors and hashes. Ends with 1 when the package objects.
"""

import json
import sys
from pathlib import Path


def cyclonedx(text):
    from cyclonedx.model.bom import Bom
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem:
        sys.exit(str(problem))
    bom = Bom.from_json(json.loads(text))
    return {
        part.name: {
            "ancestors": sorted(a.name for a in (part.pedigree.ancestors if part.pedigree else [])),
            "hashes": sorted(h.content for file in part.components for h in file.hashes),
        }
        for part in bom.components
    }


def spdx(text):
    from spdx_python_model import v3_0_1 as model

    objects = model.SHACLObjectSet()
    model.JSONLDDeserializer().read(Path(sys.argv[2]).open("rb"), objects)
    names = {p._id: p.name for p in objects.foreach_type(model.ai_AIPackage)}
    files = {f._id: [h.hashValue for h in f.verifiedUsing] for f in objects.foreach_type(model.software_File)}
    found = {name: {"ancestors": [], "hashes": []} for name in names.values()}
    for relation in objects.foreach_type(model.Relationship):
        child = found[names[relation.from_._id]]
        if relation.relationshipType == model.RelationshipType.descendantOf:
            child["ancestors"] += [names[to._id] for to in relation.to]
        elif relation.relationshipType == model.RelationshipType.contains:
            child["hashes"] += [h for to in relation.to for h in files[to._id]]
    return {name: {key: sorted(values) for key, values in model.items()} for name, model in found.items()}


def in_toto(text):
    from google.protobuf.json_format import Parse
    from in_toto_attestation.v1 import statement_pb2
    from in_toto_attestation.v1.statement import Statement

    statement = Statement.copy_from_pb(Parse(text, statement_pb2.Statement()))
    statement.validate()
    document = json.loads(text)
    hashes = {}
    for subject in document["subject"]:
        hashes.setdefault(subject["name"].rsplit("/", 1)[0], []).append(subject["digest"]["sha256"])
    return {
        model["id"]: {
            "ancestors": sorted(a["id"] for a in model["ancestors"] if "component" not in a),
            "hashes": sorted(hashes.get(model["id"], [])),
        }
        for model in document["predicate"]["models"]
    }


print(
    json.dumps({"cyclonedx": cyclonedx, "spdx": spdx, "in-toto": in_toto}[sys.argv[1]](Path(sys.argv[2]).read_text()))
)
