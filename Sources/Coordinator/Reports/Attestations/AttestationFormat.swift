/// Standards of the software supply chain that a finding can be handed over in.
package enum AttestationFormat: String, Sendable, CaseIterable {
  case cyclonedx, spdx
  case inToto = "in-toto"

  package func render(_ attestation: Attestation) -> String {
    switch self {
    case .cyclonedx: CycloneDX.render(attestation)
    case .spdx: SPDX.render(attestation)
    case .inToto: InToto.render(attestation)
    }
  }
}
