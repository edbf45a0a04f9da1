internal import Messages
internal import Operating
internal import Products
internal import Reading
internal import Rules

/// The results of an organization in a school year, as somebody may see them.
enum VisibleResults {
    /// The determination, with everything in it.
    case whole(Accountability_V1_Determination)
    /// What is published of it.
    case published(Accountability_V1_Publication)

    /// The results in the form that all of them have.
    var message: any ResultsMessage {
        switch self {
        case .whole(let determination): determination
        case .published(let publication): publication
        }
    }

    /// As they are compared with others.
    var compared: ComparedResults {
        switch self {
        case .whole(let determination): ComparedResults(determination)
        case .published(let publication): ComparedResults(publication)
        }
    }

    /// The results of every school year that a viewer may see, by year and organization.
    ///
    /// - Throws: what reading the topics throws.
    static func read(for viewer: ViewerOption, _ connection: Connection) throws -> [VisibleResults] {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        let chosen = try viewer.chosen()
        let determinations =
            chosen == .everybody ? [] : try reader.table(TableTopics.determinations).map(\.message)
        let publications =
            chosen == .department ? [] : try reader.table(TableTopics.publications).map(\.message)
        return try visible(determinations, publications, for: viewer)
    }

    /// Those that a viewer may see, by year and organization: the determination if it is shown, otherwise the
    /// publication.
    static func visible(
        _ determinations: [Accountability_V1_Determination],
        _ publications: [Accountability_V1_Publication],
        for viewer: ViewerOption
    ) throws -> [VisibleResults] {
        struct Place: Hashable {
            let year: UInt32
            let code: String
        }
        var found: [Place: VisibleResults] = [:]
        for publication in publications where publication.isOfficial {
            found[Place(year: publication.schoolYear, code: publication.orgCode)] = .published(publication)
        }
        for determination in determinations where try viewer.shows(determination) {
            found[Place(year: determination.schoolYear, code: determination.orgCode)] = .whole(determination)
        }
        return found.sorted { ($0.key.year, $0.key.code) < ($1.key.year, $1.key.code) }.map(\.value)
    }
}
