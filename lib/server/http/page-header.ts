import "server-only";

/** The request header in which proxy.ts tells the layout which page it renders: path and query. Absent when the page's own script asks. */
export const PAGE_HEADER = "x-trustmesh-page";
