/** What is fetched when one connects to other programs. */

export { openWebHub } from "#studio";
