import ArgumentParser
import Foundation
import Messages
import Operating

@main struct Statewide: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "statewide",
        abstract: "Make up a state: two school years of students, schools and districts, as input files.",
        discussion: """
            Nobody in it exists. The same seed gives the same bytes on every machine.

            EXAMPLES
              statewide --out /tmp/state                       20,000 students in about 50 schools
              statewide --out /tmp/state --students 950000     a whole state: 400 districts, 1,850 schools
              statewide --out /tmp/state --seed 7 --compress   another state, as .csv.gz

            The files, in the order in which to submit them, are listed in manifest.json. Those named corrections-* are \
            for after the year is closed: changed scores, deleted rows, students who moved. All files appear when they are \
            complete, or none of them.
            """
    )

    @Option(help: "Students of grades 1 to 12 in each of the two years, exactly; 100 to 5,000,000.")
    var students = 20_000

    @Option(
        help: "Lay out districts and schools as in a state of this many students; by default, of as many as there are."
    )
    var places: Int?

    @Option(help: "What the state is made from.")
    var seed: UInt64 = 1

    @Option(help: "The spring year of the determinations: 2018-19 is 2019. The year before it is made too.")
    var year = 2019

    @Option(help: "The directory to write into; created if missing.")
    var out: String

    @Flag(help: "Write gzip-compressed files.")
    var compress = false

    func validate() throws {
        guard [students, places ?? students].allSatisfy({ 100...5_000_000 ~= $0 }) else {
            throw ValidationError("--students and --places must be between 100 and 5,000,000.")
        }
        guard 2001...2100 ~= year else { throw ValidationError("--year must be between 2001 and 2100.") }
    }

    func operate() throws {
        let plan = Plan(seed: seed, students: students, year: year, compressed: compress, places: places)
        let folder = try OutputFolder(out)
        defer { folder.discard() }
        let generated = try folder.files { drafts in
            let generated = try Generator.write(plan, into: drafts)
            return ((generated.files + generated.corrections).map(\.name), generated)
        }
        try folder.text("manifest.json", generated.manifest(plan))
        try folder.complete()
        let rows = generated.files.reduce(0) { $0 + $1.rows }
        print("\(generated.districts) districts, \(generated.schools) schools, \(rows) rows in \(out)")
    }
}

extension Generated {
    /// What is in the directory, as JSON.
    func manifest(_ plan: Plan) -> String {
        func list(_ files: [TableFile.Entry]) -> String {
            files.map { file in
                "    {\"file\": \"\(file.name)\", \"layout\": \"\(file.layout.wireName)\", \"rows\": \(file.rows)}"
            }
            .joined(separator: ",\n")
        }
        return """
            {
              "seed": \(plan.seed),
              "school_year": \(plan.year),
              "students": \(plan.students),
              "districts": \(districts),
              "schools": \(schools),
              "files": [
            \(list(files))
              ],
              "corrections": [
            \(list(corrections))
              ]
            }

            """
    }
}
