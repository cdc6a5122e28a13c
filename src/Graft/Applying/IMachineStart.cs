namespace Graft;

/// <summary>A state machine that has something to do before its first call, and has to be told whose it is.</summary>
internal interface IMachineStart
{
    ValueTask StartAsync(MachineContext context);
}
