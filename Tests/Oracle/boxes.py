"""The boxes of an SVG picture of a forest, as an XML parser reads them.

boxes.py FILE
"""

import json
import re
import sys
import xml.etree.ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"
boxes = []
for group in ET.parse(sys.argv[1]).getroot().iter(SVG + "g"):
    place = re.fullmatch(r"translate\(([-\d.]+) ([-\d.]+)\)", group.get("transform", ""))
    if place:
        rect = group.find(SVG + "rect")
        boxes.append(
            {
                "name": group.find(SVG + "title").text or "",
                "x": float(place[1]),
                "y": float(place[2]) + float(rect.get("y")),
                "width": float(rect.get("width")),
                "height": float(rect.get("height")),
            }
        )
json.dump(boxes, sys.stdout)
