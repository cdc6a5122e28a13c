namespace Graft;

/// <summary>Asks an applier for the state as it is.</summary>
/// <param name="IsWithoutMachine">A witness has no state, and its state machine is asked for none.</param>
internal sealed record CaptureRequest(bool IsWithoutMachine);
