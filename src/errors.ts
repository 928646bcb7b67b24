/**
 * Errors that tslira throws. Every message reads `where: what must hold, got value; remedy`.
 *
 * Test `error.code`, never `instanceof`: classes do not survive `postMessage` between workers.
 */

/** What an error may carry besides its message. */
export interface ErrorDetails {
  /** Machine-readable facts about the failure (offending value, index, shape, path ...). */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The lower-level error that led here. */
  readonly cause?: unknown;
}

/** Codes of all errors that tslira throws on purpose. */
export type ErrorCode = "INVALID_INPUT" | "FORMAT" | "NUMERICS" | "JOB" | "ABORTED";

/** A failure as plain data: the form in which errors cross worker and process borders. */
export interface PlainError {
  readonly code: ErrorCode | "UNKNOWN";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

class TsliraError extends Error {
  readonly code: ErrorCode;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(name: string, code: ErrorCode, message: string, { fields = {}, cause }: ErrorDetails) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = name;
    this.code = code;
    this.fields = fields;
  }
}

/** An argument, option or input image breaks a documented rule. `code` is `"INVALID_INPUT"`. */
export class InvalidInputError extends TsliraError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("InvalidInputError", "INVALID_INPUT", message, details);
  }
}

/** A file is not what it claims to be, is damaged, or uses an unsupported feature. `code` is `"FORMAT"`. */
export class FormatError extends TsliraError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("FormatError", "FORMAT", message, details);
  }
}

/** A computation left the range of the numbers it can represent. `code` is `"NUMERICS"`. */
export class NumericsError extends TsliraError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("NumericsError", "NUMERICS", message, details);
  }
}

/** A worker or task failed for a reason outside the mathematics. `code` is `"JOB"`. */
export class JobError extends TsliraError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("JobError", "JOB", message, details);
  }
}

/** The caller's AbortSignal ended the work before there was anything to return. `code` is `"ABORTED"`. */
export class AbortedError extends TsliraError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("AbortedError", "ABORTED", message, details);
  }
}

const CODES: ReadonlySet<unknown> = new Set<ErrorCode>([
  "INVALID_INPUT",
  "FORMAT",
  "NUMERICS",
  "JOB",
  "ABORTED",
]);

/** Turn anything thrown into plain data that `postMessage` and JSON can carry. */
export function toPlainError(thrown: unknown): PlainError {
  if (typeof thrown !== "object" || thrown === null) {
    return { code: "UNKNOWN", message: String(thrown), fields: {} };
  }
  const { code, message, fields } = thrown as { code?: unknown; message?: unknown; fields?: unknown };
  return {
    code: CODES.has(code) ? (code as ErrorCode) : "UNKNOWN",
    message: typeof message === "string" ? message : String(thrown),
    fields: typeof fields === "object" && fields !== null ? (fields as Record<string, unknown>) : {},
  };
}

/** Rebuild an error of the right class from plain data. */
export function fromPlainError({ code, message, fields }: PlainError): Error {
  switch (code) {
    case "INVALID_INPUT":
      return new InvalidInputError(message, { fields });
    case "FORMAT":
      return new FormatError(message, { fields });
    case "NUMERICS":
      return new NumericsError(message, { fields });
    case "ABORTED":
      return new AbortedError(message, { fields });
    case "JOB":
    case "UNKNOWN":
      return new JobError(message, { fields });
  }
}
