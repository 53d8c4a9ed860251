/**
 * Metadata values, what they grant, and what is wrong with those that grant
 * nothing.
 *
 * @module
 */
const encoder = new TextEncoder();

const base64 = (text: string) => encoder.encode(text).toBase64();
const quote = (text: string) => JSON.stringify(text);

/** Values that can be read, by their form, and their permissions. */
export const READABLE: Record<string, [string, string[]]> = {
  "a JSON array": ['["a:read","a:write"]', ["a:read", "a:write"]],
  "an empty JSON array": ["[]", []],
  "a JSON array with white space": [' [ "a" ,\n"b" ] \n', ["a", "b"]],
  "a JSON array with any names": ['["a b","\\u00e9","c,d"]', [
    "a b",
    "é",
    "c,d",
  ]],
  "a JSON array of encoded names": ['["cmVhZA==","[]"]', ["cmVhZA==", "[]"]],
  "a JSON array with white space as a name": ['[" "]', [" "]],
  "a JSON string": ['"a:read"', ["a:read"]],
  "a JSON string with a comma": ['"a,b"', ["a,b"]],
  "a JSON string that looks like a number": ['"12"', ["12"]],
  "base64 of a JSON array": [base64('["é","b"]'), ["é", "b"]],
  "base64 of an empty JSON array": [base64("[]"), []],
  "base64 of a JSON array without padding": ["WyJhIl0", ["a"]],
  "one plain name": ["a:read", ["a:read"]],
  "plain names": ["a:read, a:write ,é", ["a:read", "a:write", "é"]],
  "plain names with empty ones between": [",a,,b,", ["a", "b"]],
  "a plain name that looks like base64": ["read", ["read"]],
  "a plain name that decodes to a name": ["edit", ["edit"]],
  "a plain name that is unpadded base64": ["dashboard1", ["dashboard1"]],
  "a plain name that is an empty array's unpadded base64": ["W10", ["W10"]],
  "a plain name that is not canonical base64": ["cmVhZB==", ["cmVhZB=="]],
  "a byte order mark before an array": ['\ufeff["a"]', ["a"]],
};

/** Values that cannot be read, and what is said about each. */
export const UNREADABLE: Record<string, [string, RegExp]> = {
  "nothing": ["", /empty/],
  "more than any token takes": ["x".repeat(100_001), /longer/],
  "white space": [" \n", /empty/],
  "a number in an array": ['["a",1]', /not a string/],
  "a nested array": ['[["a"]]', /not a string/],
  "null in an array": ['["a",null]', /not a string/],
  "an object": ['{"a":["b"]}', /JSON \(object\)/],
  "a number": ["12", /JSON \(number\)/],
  "a truth": ["true", /JSON \(boolean\)/],
  "null": ["null", /JSON \(null\)/],
  "base64 of an array with a number": [base64('["a",1]'), /base64/],
  "base64 of a broken array": [base64('["a","b"'), /base64/],
  "base64 of an object": [base64('{"a":["b"]}'), /base64/],
  "a broken array": ['["a","b"', /neither/],
  "an array with a comma too many": ['["a",]', /neither/],
  "an array in single quotes": ["['a']", /neither/],
  "names with spaces": ["read posts, write posts", /neither/],
  "quoted names": ['"a","b"', /neither/],
  "names in brackets": ["[a,b]", /neither/],
  "a name in angle brackets": ["<script>", /neither/],
  "a control character": ["a\u0000b", /neither/],
  "commas alone": [",,", /neither/],
  "an empty permission in an array": ['["a",""]', /empty permission/],
  "an empty JSON string": ['""', /empty permission/],
  "base64 of an empty permission": [base64('[""]'), /base64/],
  "a control character in an array": ['["a\\u0000"]', /control character/],
  "a line break in an array": ['["a\\n"]', /control character/],
  "a control character in a JSON string": ['"a\\u0085"', /control character/],
  "base64 of a Latin-1 array": [btoa('["käufe"]'), /base64/],
};

const names = "read:all,write:all";
const array = '["read:all","write:all"]';
const meant = ["read:all", "write:all"];
const namesInBase64 = "plain names in base64";
const arrayInBase64 = "base64 of a JSON array in base64";

/** Values that are encoded once too often, how, and what they were meant to grant. */
export const ENCODED: Record<string, [string, string, string[] | undefined]> = {
  "names in base64": [base64(names), namesInBase64, meant],
  "a line of names in base64": [base64(`${names}\n`), namesInBase64, meant],
  "one short name in base64": ["cmVhZA==", namesInBase64, ["read"]],
  "a name in unpadded base64": ["cmVhZDphbGw", namesInBase64, ["read:all"]],
  "a number in base64": ["MTI=", namesInBase64, undefined],
  "an array in a JSON string": [
    quote(array),
    "a JSON array in a JSON string",
    meant,
  ],
  "an array of numbers in a JSON string": [
    '"[1]"',
    "a JSON array in a JSON string",
    undefined,
  ],
  "a JSON string in a JSON string": [
    quote('"read:all"'),
    "a JSON string in a JSON string",
    ["read:all"],
  ],
  "base64 of an array in a JSON string": [
    quote(base64(array)),
    "base64 of a JSON array in a JSON string",
    meant,
  ],
  "a JSON string in base64": [
    base64('"read:all"'),
    "a JSON string in base64",
    ["read:all"],
  ],
  "an array in base64, twice": [base64(base64(array)), arrayInBase64, meant],
  "an array of numbers in base64, twice": [
    base64(base64("[11]")),
    "base64 of JSON in base64",
    undefined,
  ],
  "names in base64, twice": [
    base64(base64(names)),
    "base64 of plain names in base64",
    meant,
  ],
  "an array in a JSON string in base64": [
    base64(quote(array)),
    "a JSON string of a JSON array in base64",
    meant,
  ],
};
