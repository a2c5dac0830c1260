import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.xml.crypto.dom.DOMStructure;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLObject;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.crypto.dsig.spec.XPathFilter2ParameterSpec;
import javax.xml.crypto.dsig.spec.XPathFilterParameterSpec;
import javax.xml.crypto.dsig.spec.XPathType;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.InputSource;

/** Signs with the JDK's own XML Signature; one line of the job file is one document. */
public final class SignXml {
    private static final String MORE = "http://www.w3.org/2001/04/xmldsig-more#";
    private static final Map<String, String> METHODS =
            Map.of("rsa", MORE + "rsa-sha256", "ec", MORE + "ecdsa-sha256");
    private static final Map<String, String> PREFIXES =
            Map.of("ds", "http://www.w3.org/2000/09/xmldsig#");
    private static final XMLSignatureFactory XML = XMLSignatureFactory.getInstance("DOM");

    /** Fields of a job, separated by tabs: layout, algorithm, request, key, certificate, properties, output. */
    public static void main(String[] arguments) throws Exception {
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            String[] job = line.split("\t");
            Files.write(Path.of(job[6]), sign(job));
        }
    }

    private static byte[] sign(String[] job) throws Exception {
        Document request = parse(Files.readString(Path.of(job[2])));
        boolean enveloping = job[0].startsWith("enveloping");
        Document document = enveloping ? newDocument() : request;
        Element properties = parse(Files.readString(Path.of(job[5]))).getDocumentElement();
        Node imported = document.importNode(properties, true);
        List<XMLObject> objects = new ArrayList<>();
        objects.add(XML.newXMLObject(List.of(new DOMStructure(imported)), null, null, null));
        if (enveloping) {
            objects.add(holder(job[0], document, request, Path.of(job[2])));
        }
        Node parent = enveloping ? document : document.getDocumentElement();
        DOMSignContext context = new DOMSignContext(key(job), parent);
        context.setDefaultNamespacePrefix("ds");
        context.setIdAttributeNS((Element) imported.getFirstChild(), null, "Id");
        XML.newXMLSignature(signedInfo(job), keyInfo(job), objects, "java-signature", null)
                .sign(context);
        return write(document);
    }

    private static XMLObject holder(String layout, Document document, Document request, Path path)
            throws Exception {
        if (layout.equals("enveloping-base64")) {
            String text = Base64.getMimeEncoder().encodeToString(Files.readAllBytes(path));
            DOMStructure content = new DOMStructure(document.createTextNode(text));
            return XML.newXMLObject(List.of(content), "data", null, Transform.BASE64);
        }
        Node content = document.importNode(request.getDocumentElement(), true);
        return XML.newXMLObject(List.of(new DOMStructure(content)), "data", null, null);
    }

    private static SignedInfo signedInfo(String[] job) throws Exception {
        String uri = job[0].startsWith("enveloping") ? "#data" : "";
        DigestMethod digest = XML.newDigestMethod(DigestMethod.SHA256, null);
        Reference content = XML.newReference(uri, digest, transforms(job[0]), null, "ref-0");
        Reference properties =
                XML.newReference(
                        "#java-properties",
                        digest,
                        List.of(transform(CanonicalizationMethod.INCLUSIVE, null)),
                        "http://uri.etsi.org/01903#SignedProperties",
                        null);
        return XML.newSignedInfo(
                XML.newCanonicalizationMethod(
                        CanonicalizationMethod.INCLUSIVE, (C14NMethodParameterSpec) null),
                XML.newSignatureMethod(METHODS.get(job[1]), null),
                List.of(content, properties));
    }

    private static List<Transform> transforms(String layout) throws Exception {
        Transform exclusive = transform(CanonicalizationMethod.EXCLUSIVE, null);
        switch (layout) {
            case "enveloped":
                return List.of(transform(Transform.ENVELOPED, null), exclusive);
            case "xpath":
                return List.of(
                        transform(
                                Transform.XPATH,
                                new XPathFilterParameterSpec(
                                        "not(ancestor-or-self::ds:Signature)", PREFIXES)));
            case "filter2":
                XPathType subtract =
                        new XPathType(
                                "/descendant::sig:Signature",
                                XPathType.Filter.SUBTRACT,
                                // The JDK gives the prefix ds to the filter's own namespace.
                                Map.of("sig", PREFIXES.get("ds")));
                return List.of(
                        transform(
                                Transform.XPATH2,
                                new XPathFilter2ParameterSpec(List.of(subtract))),
                        exclusive);
            case "enveloping-base64":
                return List.of(transform(Transform.BASE64, null));
            default:
                return List.of(transform(CanonicalizationMethod.INCLUSIVE, null));
        }
    }

    private static Transform transform(String algorithm, TransformParameterSpec parameters)
            throws Exception {
        return XML.newTransform(algorithm, parameters);
    }

    private static KeyInfo keyInfo(String[] job) throws Exception {
        KeyInfoFactory factory = XML.getKeyInfoFactory();
        try (var stream = Files.newInputStream(Path.of(job[4]))) {
            X509Certificate certificate =
                    (X509Certificate)
                            CertificateFactory.getInstance("X.509").generateCertificate(stream);
            return factory.newKeyInfo(List.of(factory.newX509Data(List.of(certificate))));
        }
    }

    private static PrivateKey key(String[] job) throws Exception {
        byte[] bytes = Files.readAllBytes(Path.of(job[3]));
        return KeyFactory.getInstance(job[1].equals("ec") ? "EC" : "RSA")
                .generatePrivate(new PKCS8EncodedKeySpec(bytes));
    }

    private static DocumentBuilderFactory builders() {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory;
    }

    private static Document newDocument() throws Exception {
        return builders().newDocumentBuilder().newDocument();
    }

    private static Document parse(String text) throws Exception {
        return builders().newDocumentBuilder().parse(new InputSource(new StringReader(text)));
    }

    private static byte[] write(Document document) throws Exception {
        var output = new java.io.ByteArrayOutputStream();
        TransformerFactory.newInstance()
                .newTransformer()
                .transform(new DOMSource(document), new StreamResult(output));
        return output.toByteArray();
    }
}
