internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Year

/// `accountability verify`: checks a package against the root of a release, and against its district's own files.
struct VerifyCommand: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks the package of a district against the root that was released, and against its own files.",
        discussion: """
              accountability verify packages-2019/00350000
              accountability verify 00350000 --root 3f0c…9a --org 00350000 --year 2019      without an installation
              accountability verify 00350000 --root 3f0c…9a --files my-files

            The command checks each file of the package against its statement, the statement's path to the root (RFC 6962), the root against \
            --root or, without it, against the release of the installation, and every explanation against what the rules of the framework \
            derive.

            --files computes the district's own files of this year and the year before in this process, as `accountability compute` does. \
            They decide its participation, the values of its indicators with their numbers of students, and its graduation. They also show \
            which of the files were submitted byte by byte. Percentiles, statewide values, targets and designations are the state's. No \
            district's files decide them, so they are taken from the package, and the output says so.

            Exit codes: 0 everything that could be checked holds; 64 usage; 65 something does not hold, or it is not a package (the output \
            says what and where); 69 no broker answers; 78 a topic is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Argument(help: ArgumentHelp("The folder of the package.", valueName: "package"))
    var package: String

    @Option(help: ArgumentHelp("The root that was published; default: that of the release.", valueName: "hex"))
    var root: String?

    @Option(help: ArgumentHelp("The district that the package must be of.", valueName: "code"))
    var org: String?

    @Option(help: ArgumentHelp("The school year that the package must be of.", valueName: "year"))
    var year: Int?

    @Option(
        help: ArgumentHelp("A folder with the district's own files, to compute them again.", valueName: "folder")
    )
    var files: String?

    @Option(help: ArgumentHelp("The framework of the year, if the program has none.", valueName: "file"))
    var framework: String?

    @OptionGroup var threads: ThreadsOption

    @Flag(help: "Print JSON: an array of findings.")
    var json = false

    func validate() throws {
        if let year { try SchoolYear.validate(year) }
        if let org, OrganizationCode(org)?.type != .district {
            throw ValidationError("--org takes the code of a district: eight digits, the last four 0000")
        }
        if let root, [UInt8](hexadecimal: root.lowercased())?.count != 32 {
            throw ValidationError("--root takes 64 hexadecimal digits")
        }
    }

    func operate() throws {
        do {
            try verify()
        } catch let fault as YearFault {
            throw Failure(fault)
        }
    }

    private func verify() throws {
        let content = try PackageFolder.files(package)
        var check = PackageCheck(content, district: org.flatMap { OrganizationCode($0) }, year: year)
        if let root {
            check.compare(root: root, of: "--root")
        } else if let statement = check.statement {
            try compareRelease(&check, statement.schoolYear)
        }
        let frameworks = try FrameworkFile.set(with: framework)
        if let statement = check.statement {
            check.derive(content, try frameworks.ifCovered(schoolYear: statement.schoolYear))
        }
        if let files, check.holds, let statement = check.statement, let district = OrganizationCode(statement.district)
        {
            try PackageRecomputation(
                try InputFolder(path: files).files,
                year: statement.schoolYear,
                district: district,
                frameworks,
                threads: threads.count
            )
            .compare(&check, content)
        }
        try report(check)
    }

    /// The root that the installation's release carries.
    private func compareRelease(_ check: inout PackageCheck, _ year: Int) throws {
        let release = try DepartmentRecords(try broker.connection()).release(of: year)
        guard let release else {
            return check.add(.fails, "root", "the results of \(year) are not released here: name the root with --root")
        }
        guard !release.packagesRoot.isEmpty else {
            return check.add(.fails, "root", "the release of \(year) of \(release.effectiveDate) carries no root")
        }
        check.compare(root: release.packagesRoot, of: "the release of \(release.effectiveDate)")
    }

    private func report(_ check: PackageCheck) throws {
        if json {
            try JSONOutput.write(check.findings)
        } else {
            if let statement = check.statement {
                Standard.line("\(package): the district \(statement.district) in \(statement.schoolYear)")
            }
            for finding in check.findings {
                Standard.line("\(finding.result.rawValue): \(finding.place): \(finding.text)")
            }
        }
        let faults = check.findings.count { $0.result == .fails }
        guard faults == 0 else {
            throw Failure(
                .badInput,
                "\(package) does not hold: \(faults == 1 ? "one check fails" : "\(faults) checks fail"), as listed above"
            )
        }
    }
}
