internal import Messages
internal import Operating
internal import Rules
internal import Stages
internal import Streaming
internal import Tables
internal import Year

/// Compares a package with its district's own files, which are computed in this process.
///
/// A district's files determine the counts of its own students: participation, indicator values with their numbers of
/// students, and graduation. They do not determine figures that depend on other districts.
struct PackageRecomputation {
    /// Figures that only the state can compute or set, taken unchanged from the package.
    static let taken =
        "percentiles, statewide values, targets and designations are the state's: they are taken from the package, and so are the figures that depend on them "
        + "(points, percentages, classification, level), which the explanations derive"

    private let tables: YearTables
    private let scan: LedgerScan
    private let rows: PackagedRows
    private let year: Int
    private let district: OrganizationCode

    /// Computes a district's files.
    ///
    /// Organizations need not be declared: that file is often the Department's.
    init(
        _ files: [InputFile],
        year: Int,
        district: OrganizationCode,
        _ frameworks: FrameworkSet,
        threads: Int
    ) throws {
        let settings = YearProcess.Settings(frameworks: frameworks, threads: threads)
        let options = FileIngestion.Options(allowUndeclared: true)
        let held = try YearComputation(options: options, settings: settings).held(files)
        for file in held.files {
            if case .failure(let refusal) = file.outcome {
                throw Failure(.badInput, "\(refusal.message); nothing was computed")
            }
        }
        scan = try LedgerScan(held.ledger)
        tables = try held.ledger.computed(following: scan.submissions.map(\.submission)).tables
        rows = try PackagedRows(year: year, scan, tables)
        self.year = year
        self.district = district
    }

    /// Compares them with a package.
    func compare(_ check: inout PackageCheck, _ files: [String: [UInt8]]) throws {
        compareFiles(&check, files[DistrictPackage.Name.files] ?? [])
        var own: [String: Accountability_V1_Determination] = [:]
        for (_, message) in try tables.determinations(year: year) { own[message.orgCode] = message }
        var same = 0
        var undecided = 0
        for (code, packaged) in check.determinations.sorted(by: { $0.key < $1.key }) {
            let found = own[code].map(OwnFigures.init)?.figures ?? [:]
            for (name, value) in OwnFigures(packaged.determination).figures.sorted(by: { $0.key < $1.key }) {
                switch found[name] {
                case value: same += 1
                case nil: undecided += 1
                case let other?:
                    check.add(
                        .fails,
                        DistrictPackage.Name.determination(code),
                        "\(name) is \(value), but these files give \(other)"
                    )
                }
            }
        }
        let what = "participation, values, numbers of students, graduation"
        check.add(.holds, "figures", "\(same) figures (\(what)) are the same in these files")
        if undecided > 0 {
            check.add(
                .undecided,
                "figures",
                "\(undecided) more of these are in the package, but the files do not have their rows"
            )
        }
        check.add(.undecided, "figures", Self.taken)
    }

    /// Finds which submissions these files are, and whether they have as many rows of the district.
    private func compareFiles(_ check: inout PackageCheck, _ listed: [UInt8]) {
        let (own, theirs) = (PackagedFiles(rows.files(of: district)), PackagedFiles(listed))
        var found = 0
        for file in theirs.files where !file.digest.isEmpty {
            guard let same = own.files.first(where: { $0.digest == file.digest }) else {
                check.add(
                    .undecided,
                    DistrictPackage.Name.files,
                    "the file of the submission \(file.submission) is not among these files"
                )
                continue
            }
            found += 1
            guard same.rows != file.rows else { continue }
            check.add(
                .fails,
                DistrictPackage.Name.files,
                "the submission \(file.submission) has \(file.rows) rows of the district, but its file has \(same.rows)"
            )
        }
        if found > 0 {
            check.add(
                .holds,
                DistrictPackage.Name.files,
                "\(found) of these files were submitted exactly as they are, byte by byte"
            )
        }
    }
}

/// The lines of `files.csv`.
struct PackagedFiles {
    struct File {
        let submission: String
        let rows: String
        let digest: String
    }

    private(set) var files: [File] = []

    init(_ bytes: [UInt8]) {
        guard var reader = try? CSVReader(bytes: bytes) else { return }
        func place(_ column: String) -> Int? { reader.header.firstIndex(of: column) }
        guard let submission = place("submission"), let rows = place("rows"), let digest = place("sha256") else {
            return
        }
        while (try? reader.next()) == true {
            guard reader.fieldCount == reader.header.count else { return }
            files.append(
                File(submission: reader.text(submission), rows: reader.text(rows), digest: reader.text(digest))
            )
        }
    }
}

/// The figures of a determination that follow from a district's own rows, by name.
struct OwnFigures {
    private(set) var figures: [String: String] = [:]

    init(_ determination: Accountability_V1_Determination) {
        for entry in determination.participation {
            figures["participation of \(entry.group) in \(entry.subject)"] =
                "\(entry.participants)/\(entry.denominator)"
        }
        for span in determination.spans { take(span, group: nil) }
        for group in determination.groupPercentages {
            for span in group.spans { take(span, group: group.group) }
        }
        if !determination.graduationRate.isEmpty, determination.hasGraduates {
            figures["graduation of \(determination.graduationDataYear)"] =
                "\(determination.graduationRate) (\(determination.graduates) of \(determination.graduationCohort))"
        }
    }

    private mutating func take(_ span: Accountability_V1_Span, group: String?) {
        for column in span.columns {
            for indicator in column.indicators where !indicator.value.isEmpty && indicator.hasCount {
                figures["\(indicator.indicator) of \(group ?? column.group), \(span.gradeSpan)"] =
                    "\(indicator.value) of \(indicator.count) students"
            }
        }
    }
}
