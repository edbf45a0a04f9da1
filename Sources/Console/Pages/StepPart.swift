internal import Reading
internal import Rules

/// A step of a derivation, with the steps below it, as details that unfold.
enum StepPart {
    static func context(_ step: Derivation, isOpen: Bool = false) -> [String: Any] {
        let rounding = step.rounding.flatMap { $0.mode == .none ? nil : $0.description }
        let parameters = step.parameters.map { FrameworkParameter($0) }
        // Give every name a value: Mustache would look for a missing name in the step above.
        return [
            "what": step.title,
            "result": step.value.isEmpty ? false as Any : step.value,
            "cites": step.paragraph.map { $0.citation as Any } ?? false,
            "why": step.row.map { $0 as Any } ?? false,
            "rounded": rounding.map { $0 as Any } ?? false,
            "uses": parameters.isEmpty
                ? false as Any
                : [
                    "list": parameters.map {
                        ["path": $0.path, "setting": $0.value, "status": $0.status, "source": $0.source]
                    }
                ],
            "steps": step.inputs.map { context($0) },
            "has_more": !step.inputs.isEmpty || !parameters.isEmpty || step.row != nil || rounding != nil,
            "open": isOpen,
        ]
    }
}
