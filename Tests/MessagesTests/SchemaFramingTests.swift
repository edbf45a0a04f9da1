import Foundation
import SwiftProtobuf
import Testing

@testable import Messages

/// The framing of a schema registry: Confluent's wire format.
@Suite struct SchemaFramingTests {
    /// The examples of the format's description: the first message of a file is a single 0, others a list in zigzag
    /// varints.
    @Test func thePrefixIsThatOfTheFormat() {
        #expect(SchemaFraming(schema: 1, place: 0).prefix == [0, 0, 0, 0, 1, 0])
        #expect(SchemaFraming(schema: 0x0102_0304, place: 1).prefix == [0, 1, 2, 3, 4, 2, 2])
        #expect(SchemaFraming(schema: 7, place: 12).prefix == [0, 0, 0, 0, 7, 2, 24])
        #expect(SchemaFraming(schema: 7, place: 64).prefix == [0, 0, 0, 0, 7, 2, 0x80, 1])
    }

    @Test(arguments: [0, 1, 12, 63, 64, 300]) func aMessageComesOutAsItWentIn(_ place: Int) throws {
        var publication = Accountability_V1_Publication()
        publication.schoolYear = 2019
        publication.orgCode = "00350012"
        publication.status = PublicationStatus.official.rawValue
        publication.issuedUnixMilliseconds = 1_569_000_000_000
        let bytes: [UInt8] = try publication.serializedBytes()
        let framed = SchemaFraming(schema: 9, place: place).prefix + bytes
        #expect(SchemaFraming.message(of: framed) == bytes)
        #expect(SchemaFraming.message(of: bytes) == bytes)
        let entry = TableTopics.publications.entry(key: Array("2019/00350012".utf8).span, value: framed)
        #expect(entry?.message == publication)
        // A message in another one: [1, 0] is `4 2 0`.
        #expect(SchemaFraming.message(of: [0, 0, 0, 0, 9, 4, 2, 0] + bytes) == bytes)
    }

    @Test(
        arguments: [
            [], [0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1, 1, 2], [0, 0, 0, 0, 1, 0x80], [0, 0, 0, 0, 1, 4, 2],
            [0, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [8, 1],
        ] as [[UInt8]]
    )
    func whatHasNoWholeFramingIsLeftAsItIs(_ bytes: [UInt8]) {
        #expect(SchemaFraming.message(of: bytes) == bytes)
    }

    /// The place is found in the very file of the contract, and nowhere else.
    @Test func thePlaceIsThatOfTheFile() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Schemas/accountability/v1/determination.proto")
        let text = try String(contentsOf: file, encoding: .utf8)
        let framing = try #require(SchemaFraming(of: "accountability.v1.Publication", schema: 3, text: text))
        let messages = text.split(separator: "\n").filter { $0.hasPrefix("message ") }
        #expect(messages[framing.place] == "message Publication {")
        #expect(SchemaFraming(of: "accountability.v2.Publication", schema: 3, text: text) == nil)
        #expect(SchemaFraming(of: "accountability.v1.Publications", schema: 3, text: text) == nil)
    }

    @Test func commentsAndNestedMessagesAreNoPlaces() {
        let text = """
            // message Publication {
            syntax = "proto3"; package a.b;
            /* message Publication { } */ message First { message Publication { int32 x = 1; } int32 y = 1; }
            enum Kind { NONE = 0; }
            message Publication{}
            """
        #expect(SchemaFraming(of: "a.b.Publication", schema: 1, text: text)?.place == 1)
        #expect(SchemaFraming(of: "a.b.First", schema: 1, text: text)?.place == 0)
        #expect(SchemaFraming(of: "a.b.Kind", schema: 1, text: text) == nil)
    }
}
