import ArgumentParser
import AsyncHTTPClient
import Foundation
import Messages
import NIOCore
import NIOHTTP1
import Operating
import Stages

/// A client for the documented REST interface of Confluent's schema registry.
///
/// It reads the schema of publications.
struct SchemaRegistry {
    /// Its address, without a slash at the end.
    let address: String
    /// `user:password`; nil if the registry needs none.
    let credentials: String?
    /// How long it may take to answer.
    var patience = TimeAmount.seconds(10)

    /// The most bytes of an answer: the schema is 20,000.
    private static let mostBytes = 1 << 20

    /// The registry that an option or the environment names; nil if there is none.
    static func named(_ option: String?, environment: [String: String]) throws -> SchemaRegistry? {
        guard let text = option ?? environment["ACCOUNTABILITY_SCHEMA_REGISTRY"], !text.isEmpty else { return nil }
        let scheme = URL(string: text)?.scheme
        guard scheme == "http" || scheme == "https", let host = URL(string: text)?.host, !host.isEmpty,
            URL(string: text)?.user == nil
        else {
            throw ValidationError(
                "--schema-registry takes the address of a registry, such as https://registry.example:8081, without credentials in it"
            )
        }
        var address = text
        while address.hasSuffix("/") { address.removeLast() }
        return SchemaRegistry(
            address: address,
            credentials: environment["ACCOUNTABILITY_SCHEMA_REGISTRY_CREDENTIALS"]
        )
    }

    /// The registry's usual subject for the schema of a topic's values.
    static func subject(_ pipeline: Pipeline) -> String { "\(pipeline.name(Topics.publications))-value" }

    private struct Registered: Decodable {
        let id: UInt32
        let schema: String
        let schemaType: String?
    }

    /// Returns the framing of publications for the newest schema of their subject.
    ///
    /// - Throws: `Failure`: 75 if the registry does not answer, 78 if it has no matching schema.
    func framing(of subject: String) async throws -> SchemaFraming {
        var request = HTTPClientRequest(url: "\(address)/subjects/\(subject)/versions/latest")
        request.headers.add(name: "accept", value: "application/vnd.schemaregistry.v1+json")
        if let credentials {
            request.headers.add(name: "authorization", value: "Basic \(Data(credentials.utf8).base64EncodedString())")
        }
        let status: UInt
        let body: Data
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: patience)
            status = response.status.code
            body = Data((try await response.body.collect(upTo: Self.mostBytes)).readableBytesView)
        } catch {
            throw Failure(
                .tryAgain,
                "the schema registry \(address) does not answer: \(error). Check that it runs and that its address is right"
            )
        }
        let register =
            "register Schemas/accountability/v1/record.proto as accountability/v1/record.proto, and determination.proto, which imports it, as \(subject)"
        guard status != 404 else {
            throw Failure(.configuration, "the schema registry \(address) has no subject \(subject): \(register)")
        }
        guard status == 200 else {
            throw Failure(
                status >= 500 ? .tryAgain : .configuration,
                "the schema registry \(address) answers \(status) to a request for subject \(subject). Check the credentials"
            )
        }
        let message = Accountability_V1_Publication.protoMessageName
        guard let registered = try? JSONDecoder().decode(Registered.self, from: body),
            registered.schemaType == "PROTOBUF",
            let framing = SchemaFraming(of: message, schema: registered.id, text: registered.schema)
        else {
            throw Failure(
                .configuration,
                "the newest schema of subject \(subject) at \(address) is not a protobuf schema with the message \(message): \(register)"
            )
        }
        return framing
    }
}
