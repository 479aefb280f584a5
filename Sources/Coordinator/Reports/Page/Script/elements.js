// Elements of the page: names become text, never markup.

const byId = (id) => document.getElementById(id);
const tree = JSON.parse(byId("tree-data").textContent);
const data = JSON.parse(byId("page-data").textContent);
const layout = data.layout;

const SVG = "http://www.w3.org/2000/svg";
const make = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
const draw = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children) {
    if (child !== null && child !== undefined) element.append(child);
  }
  return element;
}
