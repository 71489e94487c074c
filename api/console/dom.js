// Builds elements. Whatever comes from outside goes in as text, never as markup.

export const byId = (id) => document.getElementById(id);

/** An element with a class, attributes, and children; a child that is not a node becomes text, null is left out. */
export function el(tag, { className, attributes = {}, ...properties } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  Object.assign(element, properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A bar: its length is a share of its track, 0 to 1. Set as a property, which the page's policy allows. */
export function bar(share, className = "") {
  const filled = el("i", { className });
  filled.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return filled;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
