using Graft.Consensus;

namespace Graft;

/// <summary>Asks an applier to take a snapshot's state for its own.</summary>
/// <param name="Last">The last entry in it.</param>
/// <param name="Content">Its content; the applier closes it.</param>
/// <param name="IsWithoutMachine">A witness has no state, and its state machine takes none.</param>
internal sealed record RestoreRequest(EntryId Last, Stream Content, bool IsWithoutMachine);
