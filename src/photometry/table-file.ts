/** Tables with units as files: FITS, VOTable and CSV. */

import { csvCell } from "../csv-cell.js";
import { type EstimateProvenance, provenanceCards } from "../io/file-origin.js";
import { type FitsColumnInput, fitsCard, writeFits } from "../io/fits.js";
import { numberColumn, textColumn } from "../io/result-config.js";
import { escapeText } from "../io/result-text.js";
import { escapeXml } from "../xml-text.js";

/** A column of a table. */
export interface TableColumn<Row> {
  readonly name: string;
  readonly unit?: string;
  /** Unified content descriptor of the IVOA (UCD1+). */
  readonly ucd: string;
  /** Which question the number answers. */
  readonly description: string;
  /** Whether it holds text. */
  readonly isText?: true;
  /** The value of a row. */
  readonly of: (row: Row) => number | string;
}

/** A column of numbers. */
export function tableColumn<Row>(
  name: string,
  unit: string | undefined,
  ucd: string,
  description: string,
  of: TableColumn<Row>["of"],
): TableColumn<Row> {
  return { name, ...(unit === undefined ? {} : { unit }), ucd, description, of };
}

/** Where a table comes from: program, command, and the input files of the result, which FITS files name. */
export type TableOrigin = Pick<EstimateProvenance, "version" | "command" | "inputs">;

/** A FITS file with a binary table, TUNIT and TCOMM beside each column. The same arguments give the same bytes. */
export function tableFits<Row>(
  name: string,
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  origin: TableOrigin,
): Uint8Array {
  const cells = columns.map(({ name, unit, isText, of }): FitsColumnInput => {
    const values = rows.map(of);
    if (isText === true) return textColumn(name, values.map(String));
    return {
      ...numberColumn(name, values.map(Number)),
      ...(unit !== undefined && { unit: escapeText(unit) }),
    };
  });
  return writeFits([
    {
      kind: "empty",
      cards: provenanceCards(origin),
    },
    {
      kind: "table",
      name,
      columns: cells,
      cards: columns.map(({ description }, index) => fitsCard(`TCOMM${index + 1}`, escapeText(description))),
    },
  ]);
}

/** A VOTable 1.4 (IVOA), numbers in full. The same arguments give the same text. */
export function tableVotable<Row>(
  name: string,
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  { version, command }: TableOrigin,
): string {
  const fields = columns.map(({ name, unit, ucd, description, isText }) => {
    const type = isText === true ? 'datatype="unicodeChar" arraysize="*"' : 'datatype="double"';
    const unitPart = unit === undefined ? "" : ` unit="${escapeXml(unit)}"`;
    return `   <FIELD name="${name}" ${type}${unitPart} ucd="${ucd}"><DESCRIPTION>${escapeXml(description)}</DESCRIPTION></FIELD>`;
  });
  const cells = rows.map((row) => {
    const texts = columns.map(({ of }) => `<TD>${escapeXml(numberOrText(of(row)))}</TD>`);
    return `    <TR>${texts.join("")}</TR>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">',
    ` <INFO name="creator" value="${escapeXml(version === undefined ? "tslira" : `tslira ${version}`)}"/>`,
    ...(command === undefined ? [] : [` <INFO name="command" value="${escapeXml(command)}"/>`]),
    ' <RESOURCE type="results">',
    `  <TABLE name="${name}">`,
    ...fields,
    "   <DATA><TABLEDATA>",
    ...cells,
    "   </TABLEDATA></DATA>",
    "  </TABLE>",
    " </RESOURCE>",
    "</VOTABLE>",
    "",
  ].join("\n");
}

const numberOrText = (value: number | string) =>
  value === Number.POSITIVE_INFINITY ? "+Inf" : String(value);

/** CSV (RFC 4180): a line a row below the names of the columns with their units in brackets. Numbers are exact. */
export function tableCsv<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[]): string {
  const lines = [
    columns.map(({ name, unit }) => csvCell(unit === undefined ? name : `${name} [${unit}]`)),
    ...rows.map((row) => columns.map(({ of }) => csvCell(of(row)))),
  ];
  return `${lines.map((cells) => cells.join(",")).join("\n")}\n`;
}
