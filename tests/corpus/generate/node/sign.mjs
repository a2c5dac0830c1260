// Signs with xadesjs; one line of the job file is one document.
// Fields, separated by tabs: layout, algorithm, request, key, certificate, time, output.
import { readFileSync, writeFileSync } from "node:fs";
import { Crypto } from "@peculiar/webcrypto";
import { DOMImplementation, DOMParser, XMLSerializer } from "@xmldom/xmldom";
import * as xades from "xadesjs";
import xpath from "xpath";

const engine = new Crypto();
xades.Application.setEngine("NodeJS", engine);
xades.setNodeDependencies({ DOMImplementation, DOMParser, XMLSerializer, xpath });

const ALGORITHMS = {
    rsa: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    ec: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
};

async function sign([layout, algorithm, request, key, certificate, time]) {
    const how = ALGORITHMS[algorithm];
    const secret = await engine.subtle.importKey("pkcs8", readFileSync(key), how, false, ["sign"]);
    const issued = readFileSync(certificate).toString("base64");
    const content = xades.Parse(readFileSync(request, "utf8"));
    const signed = new xades.SignedXml();
    const property = layout === "enveloped-v2" ? "signingCertificateV2" : "signingCertificate";
    await signed.Sign(how, secret, content, {
        x509: [issued],
        [property]: issued,
        signingTime: { value: new Date(time) },
        references: [{ uri: "", hash: "SHA-256", transforms: ["enveloped", "exc-c14n"] }],
    });
    content.documentElement.appendChild(content.importNode(signed.GetXml(), true));
    return new XMLSerializer().serializeToString(content);
}

for (const line of readFileSync(process.argv[2], "utf8").trim().split("\n")) {
    const job = line.split("\t");
    writeFileSync(job[6], await sign(job));
}
