/** XML-RPC as SAMP uses it: values are text, lists and maps of such (SAMP 1.3, section 4.1, https://www.ivoa.net/documents/SAMP/). */

import { FormatError, JobError } from "../errors.js";
import { escapeXml } from "../xml-text.js";

/** A value of SAMP. */
export type SampValue = string | readonly SampValue[] | SampMap;

/** A map of SAMP. */
export interface SampMap {
  readonly [key: string]: SampValue;
}

function encodeValue(value: SampValue): string {
  if (typeof value === "string") return `<value><string>${escapeXml(value)}</string></value>`;
  if (Array.isArray(value))
    return `<value><array><data>${value.map(encodeValue).join("")}</data></array></value>`;
  const members = Object.entries(value as SampMap).map(
    ([name, member]) => `<member><name>${escapeXml(name)}</name>${encodeValue(member)}</member>`,
  );
  return `<value><struct>${members.join("")}</struct></value>`;
}

/** The document that calls a method. */
export function encodeCall(method: string, parameters: readonly SampValue[]): string {
  const encoded = parameters.map((value) => `<param>${encodeValue(value)}</param>`).join("");
  return `<?xml version="1.0"?>\n<methodCall><methodName>${escapeXml(method)}</methodName><params>${encoded}</params></methodCall>\n`;
}

const inside = (element: Element, name: string) =>
  [...element.children].filter((child) => child.tagName === name);

function decodeValue(value: Element): SampValue {
  const [typed] = value.children;
  // Text without a type is a string.
  if (typed === undefined) return value.textContent;
  if (typed.tagName === "array")
    return inside(typed, "data").flatMap((data) => inside(data, "value").map(decodeValue));
  if (typed.tagName !== "struct") return typed.textContent;
  const entries = inside(typed, "member").map((member) => {
    const [name, held] = [inside(member, "name")[0], inside(member, "value")[0]];
    return [name?.textContent ?? "", held === undefined ? "" : decodeValue(held)] as const;
  });
  return Object.fromEntries(entries);
}

/**
 * What a method returned. Whole numbers and other types of XML-RPC are taken as text.
 *
 * @param root of the response, null where it is no XML
 * @param text of the response, and the method that was called: for messages
 * @throws JobError with what the other side says, when it refused; FormatError when the text is no response
 */
export function decodeResponse(root: Element | null, text: string, method: string): SampValue {
  const [fault] = root === null ? [] : inside(root, "fault");
  const holder = fault ?? root?.querySelector("params > param") ?? undefined;
  const [value] = holder === undefined ? [] : inside(holder, "value");
  if (root?.tagName !== "methodResponse" || value === undefined) {
    const got = JSON.stringify(text.slice(0, 80));
    throw new FormatError(
      `samp: ${method} must be answered by an XML-RPC response, got ${got}; restart the hub`,
    );
  }
  const decoded = decodeValue(value);
  if (fault === undefined) return decoded;
  const reason = String((decoded as SampMap).faultString ?? text);
  throw new JobError(`samp: the hub must accept ${method}, got ${JSON.stringify(reason)}; restart the hub`, {
    fields: { fault: reason },
  });
}
