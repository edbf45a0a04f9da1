import ArgumentParser
import Foundation
import Messages
import NIOCore
import NIOHTTP1
import Operating
import Testing
@testable import Stages
@testable import determination_worker

/// What the determination worker asks of a schema registry, of one that speaks the documented interface.
@Suite(.timeLimit(.minutes(5))) struct SchemaRegistryTests {
    private static let schema = """
        syntax = "proto3"; package accountability.v1;
        message Determination { string org_code = 2; }
        message Publication { string org_code = 2; }
        """

    private static func answer(_ type: String? = "PROTOBUF", _ schema: String = schema) throws -> String {
        var object: [String: Any] = ["subject": "x", "version": 4, "id": 100_017, "schema": schema]
        object["schemaType"] = type
        return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
    }

    private func registry(_ server: Endpoint, credentials: String? = nil) -> SchemaRegistry {
        SchemaRegistry(address: "http://127.0.0.1:\(server.port)", credentials: credentials)
    }

    @Test func theNewestSchemaOfTheSubjectIsAskedFor() async throws {
        let text = try Self.answer()
        let server = try await Endpoint { _ in .text(200, text) }
        let subject = SchemaRegistry.subject(Pipeline(namespace: "state"))
        #expect(subject == "state.accountability.publications.v1-value")
        let framing = try await registry(server, credentials: "user:word").framing(of: subject)
        #expect(framing == SchemaFraming(schema: 100_017, place: 1))
        let request = try #require(server.received.first)
        #expect(request.head.uri == "/subjects/\(subject)/versions/latest")
        #expect(request.head.headers.first(name: "accept") == "application/vnd.schemaregistry.v1+json")
        #expect(request.head.headers.first(name: "authorization") == "Basic dXNlcjp3b3Jk")
        _ = try await registry(server).framing(of: subject)
        #expect(server.received[1].head.headers.first(name: "authorization") == nil)
        await server.close()
    }

    @Test func whatCannotBeUsedEndsTheWorkerWithItsCode() async throws {
        let missing = #"{"error_code": 40401, "message": "Subject 'x' not found."}"#
        let answers: [(Endpoint.Answer, Operating.ExitStatus)] = [
            (.text(404, missing), .configuration), (.text(401, ""), .configuration), (.text(503, ""), .tryAgain),
            (.text(200, "no JSON"), .configuration), (.text(200, try Self.answer("AVRO")), .configuration),
            (.text(200, try Self.answer(nil)), .configuration),
            (.text(200, try Self.answer("PROTOBUF", "message Publication {}")), .configuration),
            (.endless(2 << 20), .tryAgain), (.silence, .tryAgain),
        ]
        let server = try await Endpoint { answers[$0 - 1].0 }
        for (_, status) in answers {
            var registry = registry(server)
            registry.patience = TimeAmount.milliseconds(700)
            let failure = await #expect(throws: Failure.self) { try await registry.framing(of: "x") }
            #expect(failure?.status == status, "\(failure?.message ?? "")")
        }
        await server.close()
        let gone = await #expect(throws: Failure.self) { try await registry(server).framing(of: "x") }
        #expect(gone?.status == .tryAgain)
    }

    @Test func theAddressComesFromTheOptionOrTheEnvironment() throws {
        let environment = [
            "ACCOUNTABILITY_SCHEMA_REGISTRY": "http://one:8081/", "ACCOUNTABILITY_SCHEMA_REGISTRY_CREDENTIALS": "a:b",
        ]
        let named = try SchemaRegistry.named(nil, environment: environment)
        #expect(named?.address == "http://one:8081" && named?.credentials == "a:b")
        #expect(try SchemaRegistry.named("https://two", environment: environment)?.address == "https://two")
        #expect(try SchemaRegistry.named(nil, environment: [:]) == nil)
        for address in ["one:8081", "ftp://one", "https://a:b@one", "https://"] {
            #expect(throws: ValidationError.self) { try SchemaRegistry.named(address, environment: [:]) }
        }
    }
}
