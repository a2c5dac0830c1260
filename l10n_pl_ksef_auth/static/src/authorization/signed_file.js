import { getDataURLFromFile } from "@web/core/utils/urls";

/** A signed request has some 10 kB; what is larger than this is not sent at all. */
export const MAX_FILE_BYTES = 5 * 1024 * 1024;

/** The file's bytes as base64; fails when the browser cannot read it. */
export async function contentOf(file) {
    const data = await getDataURLFromFile(file);
    return data.slice(data.indexOf(",") + 1);
}
