extension Framework {
    /// The framework of a school year, by its spring: 2019 is 2018-19.
    ///
    /// 2020 and 2021 had no determinations and have no framework.
    public static func of(schoolYear: Int) throws(FrameworkError) -> Framework {
        guard let framework = try embedded.get().first(where: { $0.schoolYears.contains(schoolYear) }) else {
            throw FrameworkError(.noFramework, message: "no framework covers school year \(schoolYear)")
        }
        return framework
    }

    /// The framework of a school year, or nil where none covers it.
    public static func ifCovered(schoolYear: Int) throws(FrameworkError) -> Framework? {
        try embedded.get().first { $0.schoolYears.contains(schoolYear) }
    }

    /// The framework whose parameters of improvement planning hold in a school year: the newest up to it, as the duties
    /// of 603 CMR 2.03(7) go on in years without determinations, and in those whose framework is not known yet.
    public static func planning(schoolYear: Int) throws(FrameworkError) -> Framework {
        let upTo = try all().filter { $0.planning != nil && ($0.schoolYears.min() ?? .max) <= schoolYear }
        guard let newest = upTo.max(by: { ($0.schoolYears.max() ?? 0) < ($1.schoolYears.max() ?? 0) }) else {
            throw FrameworkError(
                .noFramework,
                message: "no framework up to school year \(schoolYear) has improvement planning"
            )
        }
        return newest
    }

    /// A framework that the Department proposes, from its document, which may be based on a built-in one.
    ///
    /// - Throws: ``FrameworkError`` that names the line and the parameter.
    public static func proposed(_ document: String) throws(FrameworkError) -> Framework {
        let bases = try parsed.get()
        return try load(FrameworkDocument(file: "the proposed document", text: document)) { bases[$0] }
    }

    /// Every framework that is built in, by year.
    public static func all() throws(FrameworkError) -> [Framework] { try embedded.get() }

    /// The built-in documents: name and YAML text.
    public static let documents: [(name: String, text: String)] = resources.map { name, bytes in
        (name: name, text: String(decoding: bytes, as: UTF8.self))
    }

    // The package manager turns the first digit of a file name into an underscore.
    private static let resources: [(name: String, bytes: [UInt8])] = [
        ("2007", PackageResources._007_yaml),
        ("2016", PackageResources._016_yaml),
        ("2017", PackageResources._017_yaml),
        ("2018", PackageResources._018_yaml),
        ("2019", PackageResources._019_yaml),
        ("2022", PackageResources._022_yaml),
        ("2023", PackageResources._023_yaml),
        ("2024", PackageResources._024_yaml),
        ("2025", PackageResources._025_yaml),
    ]

    /// The built-in documents by name, each read once although others are based on it.
    private static let parsed: Result<[String: FrameworkDocument], FrameworkError> = Result {
        () throws(FrameworkError) in
        var read: [String: FrameworkDocument] = [:]
        for (name, text) in documents { read[name] = try FrameworkDocument(file: "\(name).yaml", text: text) }
        return read
    }

    private static let embedded: Result<[Framework], FrameworkError> = Result { () throws(FrameworkError) in
        let read = try parsed.get()
        var frameworks: [Framework] = []
        for name in documents.map(\.name) {
            if let document = read[name] { frameworks.append(try load(document) { read[$0] }) }
        }
        return frameworks
    }
}
