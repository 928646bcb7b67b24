/** What a drag on a picture does. */
export type Tool = "pixel" | "circle" | "ellipse" | "box" | "polygon" | "annulus" | "line" | "cut";
