// @ts-check
// The server answers this path with the package's own module; this file stands
// for it where types are checked, since a browser knows no npm names.
export * from "oauth4webapi";
