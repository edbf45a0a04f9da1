internal import Operating
internal import Rules

/// What-if: acts that only show what other parameters would change.
extension Acts {
    /// The time limit of a trial, at which the program is stopped.
    private static let patience = Duration.seconds(900)

    static let tryAlternatives = Act(
        WhatIf.values,
        "What if: other values",
        verb: "",
        about:
            "Computes a school year again with each alternative that its framework states for an assumed parameter. Everything else stays as it is, and nothing is written. Each alternative is one more computation of the year.",
        needs: WhatIf.needs,
        fields: [
            Act.Field("year", "School year", .schoolYear, hint: "by its spring: 2018-19 is 2019"),
            Act.Field(
                "parameter",
                "Assumed parameter",
                .text(120),
                hint:
                    "as the page of the framework lists it, or the beginning of several, such as points; leave it empty for all, which takes longest",
                isRequired: false
            ),
        ],
        conflicts: { values in
            guard let path = values["parameter"], path.contains(where: { !isPartOfPath($0) }) else { return [:] }
            return ["parameter": "Assumed parameter takes a name such as points.growth.1"]
        },
        timeout: patience,
        preview: { values in
            ["sweep", values["year"] ?? "", "--table=assumptions", "--format=json"]
                + (values["parameter"].flatMap { $0.isEmpty ? nil : ["--under=\($0)"] } ?? [])
        },
        command: nil
    )

    static let tryFramework = Act(
        WhatIf.draft,
        "What if: a draft",
        verb: "",
        about:
            "Computes the school years of a framework on record under it, instead of under the one in force. Nothing is written.",
        needs: WhatIf.needs,
        fields: [Act.Field("framework", "Framework", .text(80), hint: "its name, as the page Frameworks lists it")],
        timeout: patience,
        preview: { ["preview", "--json", "--framework=\($0["file"] ?? "")"] },
        document: { values, tables throws(Problem) in
            let name = values["framework"] ?? ""
            guard let text = FrameworkView.documents(tables).first(where: { $0.framework.name == name })?.text else {
                throw Problem(422, "Framework: no document on record has this name; the page Frameworks lists them")
            }
            return FormData.File(name: "framework.yaml", bytes: Array(text.utf8)[...])
        },
        command: nil
    )

    private static func isPartOfPath(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
    }
}
