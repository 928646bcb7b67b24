/** Numbers for readers, the same on the page and in its script. */

import { superscript } from "../figures/ticks.js";

const DASH = "–";

/** A whole number with thin groups of three digits: `12,345`. */
export function countText(value: number): string {
  if (!Number.isFinite(value)) return DASH;
  const text = String(Math.round(Math.abs(value))).replace(/\B(?=(\d{3})+$)/g, ",");
  return Math.round(value) < 0 ? `−${text}` : text;
}

/** A number in `digits` significant digits: `1,234`, `0.05607`, `3.2×10⁻¹¹`. */
export function numberText(value: number, digits = 4): string {
  if (Number.isNaN(value)) return DASH;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent < -3 || exponent > 6)
    return `${fixed(value / 10 ** exponent, digits - 1)}×10${superscript(exponent)}`;
  return trimmed(fixed(value, Math.max(0, digits - 1 - exponent)));
}

/** A number with its error, to two digits of the error: `1,004.3 ± 35.6`, `(3.20 ± 0.12)×10⁻¹¹`. */
export function errorText(value: number, error: number): string {
  if (!Number.isFinite(value) || !(error > 0) || !Number.isFinite(error)) return numberText(value);
  const size = Math.max(Math.abs(value), error);
  const exponent = size < 1e-3 || size >= 1e7 ? Math.floor(Math.log10(size)) : 0;
  const scale = 10 ** exponent;
  const decimals = Math.min(20, Math.max(0, 1 - Math.floor(Math.log10(error)) + exponent));
  const text = `${fixed(value / scale, decimals)} ± ${fixed(error / scale, decimals)}`;
  return exponent === 0 ? text : `(${text})×10${superscript(exponent)}`;
}

/** R-hat: three decimals. */
export function rhatText(rhat: number): string {
  return Number.isFinite(rhat) ? rhat.toFixed(3) : numberText(rhat);
}

/** A time: `3.2 s`, `4 min 10 s`, `2 h 5 min`. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return DASH;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

function fixed(value: number, decimals: number): string {
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return value < 0 && Number(text.replaceAll(",", "")) !== 0 ? `−${text}` : text;
}

/** Without zeros at the end of a fraction. */
function trimmed(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
