/** Conditions on columns, and filters after names. */
import { describe, expect, it } from "vitest";
import { filterColumns, filterTest, parseEventFilter } from "../../src/io/event-filter.js";
import { filterCondition, parseEventName } from "../../src/io/event-name.js";

const holds = (text: string, row: Readonly<Record<string, number>>) =>
  filterTest(parseEventFilter(text), (name) => () => row[name.toUpperCase()] ?? Number.NaN)(0);

describe("parseEventFilter", () => {
  it.each([
    ["PATTERN<=4 && FLAG==0", { PATTERN: 4, FLAG: 0 }, true],
    ["PATTERN<=4 && FLAG==0", { PATTERN: 5, FLAG: 0 }, false],
    ["pattern <= 4 and not flag", { PATTERN: 0, FLAG: 1 }, false],
    ["A=1||B=2&&C=3", { A: 1, B: 0, C: 0 }, true],
    ["(A==1||B==2)&&C==3", { A: 1, B: 0, C: 0 }, false],
    ["A + 2*B > 7 - -1", { A: 1, B: 4 }, true],
    ["A - 2 - 1 == 0", { A: 3 }, true],
    ["A % 10 == 3", { A: 53 }, true],
    ["(FLAG & 0x0) == 0 ", { FLAG: 1 }, true],
    ["(FLAG & 0xfffeff)==0", { FLAG: 0x100 }, true],
    ["(FLAG & 0XFB0825)==0", { FLAG: 0x20 }, false],
    // As the threads of SAS and CFITSIO write.
    ["PATTERN.le.4.and.FLAG.eq.0", { PATTERN: 4, FLAG: 0 }, true],
    ["PATTERN .GT. 4 .or. .not. (FLAG .ne. 0)", { PATTERN: 0, FLAG: 1 }, false],
    ["1.e3.lt.PI", { PI: 1001 }, true],
    ["(PI in [500:2000])&&FLAG==0", { PI: 2000, FLAG: 0 }, true],
    ["PI in (500:2000)", { PI: 500 }, false],
    ["!(PI in [.5e3:])", { PI: 499 }, true],
    ["(FLAG & 65536) != 0", { FLAG: 65537 }, true],
    ["(FLAG & 2147483648) == 0", { FLAG: 4294967295 }, false],
    ["1e3 <= PI && PI < 2.5E3", { PI: 2499 }, true],
    ["!(A > 1)", { A: 2 }, false],
    ["A != 1", { A: Number.NaN }, false],
    ["A == B", { A: Number.NaN, B: Number.NaN }, false],
  ] as const)("%s with %j", (text, row, expected) => {
    expect(holds(text, row)).toBe(expected);
  });

  it.each([
    ["", /must stand here, got the end/],
    ["PI >", /a number or the name of a column must stand here, got the end at character 5/],
    ["PI", /must compare something/],
    ["PI + 1", /must compare something/],
    ["(PI > 1", /"\)" must close/],
    ["PI > 1; process.exit()", /characters must be those of a condition, got ; at character 7/],
    ["alert(1) > 0", /an operator such as && must stand here, got \( at/],
    ["A.b > 1", /characters must be those/],
    ["A .is. 1", /operators must be those of a condition, got \.is\. at character 3/],
    ["PI in [a:b]", /characters must be those of a condition, got \[ at character 7/],
    [`${"(".repeat(60)}A>1`, /at most 50 deep/],
    [`A>1${" ".repeat(2_000)}`, /at most 2000 characters/],
  ])("refuses %j", (text, message) => {
    expect(() => parseEventFilter(text)).toThrow(message);
  });

  it("names its columns once", () => {
    expect(filterColumns(parseEventFilter("A>1 && b<2 || !(a==c)"))).toEqual(["A", "b", "c"]);
  });
});

describe("filters after names", () => {
  const columns = [
    { name: "energy", index: 1 },
    { name: "grade", index: 2, lattice: { step: 1, zero: 0 } },
  ];
  it.each([
    ["a.fits", { path: "a.fits", filters: [] }],
    ["a.fits[EVENTS]", { path: "a.fits", extension: "EVENTS", filters: [] }],
    ["a.fits[1][energy=5:7]", { path: "a.fits", extension: 1, filters: ["energy=5:7"] }],
    [
      "a.fits[EVENTS][PI>5 && PI<7][grade=0]",
      { path: "a.fits", extension: "EVENTS", filters: ["PI>5 && PI<7", "grade=0"] },
    ],
    ["a.fits[energy=5:7]", { path: "a.fits", filters: ["energy=5:7"] }],
  ])("%s", (text, expected) => {
    expect(parseEventName(text)).toEqual(expected);
  });

  it.each([
    // ahelp dmfiltering: the end of a range belongs to it for columns of integers only.
    ["energy=500:7000", "(energy >= 500 && energy < 7000)"],
    [
      "energy=1000:2000,4000:8000,GRADE=0,2:4",
      "((energy >= 1000 && energy < 2000) || (energy >= 4000 && energy < 8000)) && (grade == 0 || (grade >= 2 && grade <= 4))",
    ],
    ["exclude energy=:100", "!(energy < 100)"],
    ["filter energy=100:", "energy >= 100"],
    ["energy>5 && grade==0", "energy>5 && grade==0"],
  ])("%s", (filter, expected) => {
    expect(filterCondition(filter, columns)).toBe(expected);
    expect(() => parseEventFilter(expected)).not.toThrow();
  });

  it.each([
    ["a.fits[EVENTS][bin x=1:5:1,y=1:5:1]", /use --bin-size, --center and --size/],
    ["a.fits[1:16,1:16]", /use --center and --size/],
    ["a.fits[EVENTS][sky=circle(4096,4096,20)]", /use --center and --size, and regions as --mask/],
    ["a.fits[EVENTS][cols x,y]", /use --energy, --pi, --time and --where/],
  ])("%s is answered with options", (text, message) => {
    expect(() => parseEventName(text)).toThrow(message);
  });

  it("reads bits one by one", () => {
    const status = [{ name: "status", index: 3, bits: 4 }];
    expect(filterCondition("status=0110", status)).toBe("status == 6");
    expect(filterCondition("status=0", status)).toBe("status == 0");
  });

  it("refuses columns and ranges that are none", () => {
    expect(() => filterCondition("phase=0:1", columns)).toThrow(
      /must name columns of the list, got phase in \[phase=0:1\]/,
    );
    expect(() => filterCondition("energy=a:b", columns)).toThrow(/a range must read low:high/);
  });
});
