namespace Graft.Simulation.Core;

/// <summary>Something that is to happen at a time.</summary>
/// <param name="At">When, in ticks of 100 ns since the world began.</param>
/// <param name="Order">Among equal times: a number drawn from the seed, then the order of scheduling.</param>
/// <param name="Kind">What.</param>
/// <param name="Node">Where; the slot of a node.</param>
/// <param name="Life">In which life of that node; zero if that doesn't matter.</param>
/// <param name="Argument">Of what; depends on the kind.</param>
internal readonly record struct SimEvent(long At, ulong Order, EventKind Kind, byte Node, int Life, ulong Argument);
