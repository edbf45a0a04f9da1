package import Messages
package import Rules
internal import SwiftProtobuf

extension ConsoleTables {
    /// The results of a school year.
    ///
    /// Determinations, percentiles and rates are stored as encoded bytes. They are decoded when a page shows them:
    /// eight years of a state would be a few hundred megabytes of decoded messages, and one page needs only one
    /// organization.
    package struct Year: Sendable {
        package private(set) var lines: [OrganizationCode: DeterminationLine] = [:]
        private var messages: [OrganizationCode: [UInt8]] = [:]
        private var percentiles: [OrganizationCode: [PercentileKey: [UInt8]]] = [:]
        private var participation: [OrganizationCode: [ParticipationKey: [UInt8]]] = [:]
        private var thresholds: [PercentileKey: [UInt8]] = [:]
        private var publications: [OrganizationCode: [UInt8]] = [:]
        private(set) var publishedLines: [OrganizationCode: DeterminationLine] = [:]
        /// The declared facts of the organizations.
        package private(set) var facts: [OrganizationCode: Accountability_V1_Organization] = [:]

        /// The published determination of an organization.
        package func determination(_ code: OrganizationCode) -> Accountability_V1_Determination? {
            messages[code]
                .flatMap { try? Accountability_V1_Determination(serializedBytes: SchemaFraming.message(of: $0)) }
        }

        /// The public results of an organization; nil if there are none.
        package func publication(_ code: OrganizationCode) -> Accountability_V1_Publication? {
            publications[code]
                .flatMap { try? Accountability_V1_Publication(serializedBytes: SchemaFraming.message(of: $0)) }
        }

        /// The organizations that have public results.
        var published: Dictionary<OrganizationCode, [UInt8]>.Keys { publications.keys }

        /// An organization's entries in the percentiles topic, in the order of their keys.
        package func percentiles(_ code: OrganizationCode) -> [Accountability_V1_Percentile] {
            (percentiles[code] ?? [:]).sorted { $0.key.text < $1.key.text }
                .compactMap { try? Accountability_V1_PercentileEntry(serializedBytes: $0.value).percentile }
        }

        /// The statewide thresholds for organizations of a type, in the order of their keys.
        package func thresholds(_ type: OrganizationType) -> [Accountability_V1_PercentileEntry] {
            thresholds.filter { if case .threshold(type, _, _) = $0.key.entry { true } else { false } }
                .sorted { $0.key.text < $1.key.text }
                .compactMap { try? Accountability_V1_PercentileEntry(serializedBytes: $0.value) }
        }

        /// An organization's participation rates of all grades together that were judged.
        package func participation(_ code: OrganizationCode) -> [Accountability_V1_Participation] {
            (participation[code] ?? [:]).sorted { $0.key.text < $1.key.text }
                .compactMap { try? Accountability_V1_Participation(serializedBytes: $0.value) }
        }
    }
}

// MARK: What the topics say

extension ConsoleTables.Year {
    /// Takes an organization's determination, and the line that lists show of it; nil retracts both.
    mutating func take(determination value: [UInt8]?, _ line: DeterminationLine?, of code: OrganizationCode) {
        lines[code] = line
        messages[code] = value
    }

    /// Takes an organization's public results, and the line that lists show of them; nil retracts both.
    mutating func take(publication value: [UInt8]?, _ line: DeterminationLine?, of code: OrganizationCode) {
        publications[code] = value
        publishedLines[code] = line
    }

    /// Takes a participation rate; nil retracts it.
    mutating func take(participation value: [UInt8]?, _ place: ParticipationKey) {
        participation[place.organization, default: [:]][place] = value
    }

    /// Takes a percentile or a threshold; nil retracts it.
    mutating func take(percentile value: [UInt8]?, _ place: PercentileKey) {
        switch place.entry {
        case .percentile(let organization, _, _): percentiles[organization, default: [:]][place] = value
        case .threshold: thresholds[place] = value
        // The console ranks nothing.
        case .norm: break
        }
    }

    /// Takes the declared facts of an organization; nil retracts them.
    mutating func take(facts organization: Accountability_V1_Organization?, of code: OrganizationCode) {
        facts[code] = organization
    }
}

// MARK: What a visitor sees

extension ConsoleTables.Year {
    /// The year with only some of the determinations.
    ///
    /// The declared facts of an organization are kept if it is the visitor's own, or if the visitor sees any of its
    /// results. Similarity is computed from these facts, and they are shown only beside a determination.
    func only(_ isSeen: (DeterminationLine) -> Bool, own district: OrganizationCode?) -> Self {
        var seen = Self()
        seen.lines = lines.filter { isSeen($0.value) }
        seen.messages = messages.filter { seen.lines[$0.key] != nil }
        seen.percentiles = percentiles.filter { seen.lines[$0.key] != nil }
        seen.participation = participation.filter { seen.lines[$0.key] != nil }
        seen.thresholds = thresholds
        seen.publishedLines = publishedLines
        seen.publications = publications
        seen.facts = facts.filter {
            seen.lines[$0.key] != nil || seen.publications[$0.key] != nil || $0.key.district == district
        }
        return seen
    }

    /// The official publications as the determinations of the year, and nothing else; nil if there are none.
    var onlyPublished: Self? {
        guard !publishedLines.isEmpty else { return nil }
        var seen = Self()
        (seen.lines, seen.publishedLines) = (publishedLines, publishedLines)
        seen.publications = publications
        return seen
    }

    /// The year without determinations.
    var withoutDeterminations: Self {
        var seen = self
        seen.lines = [:]
        return seen
    }
}
