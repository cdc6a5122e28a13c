using Graft.Swarm;

if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(Arguments.Usage);
    return 0;
}

Arguments? arguments = Arguments.Parse(args, out string? problem);
if (arguments is null)
{
    Console.Error.WriteLine(problem);
    Console.Error.WriteLine();
    Console.Error.WriteLine(Arguments.Usage);
    return 2;
}

// The kill table plants bugs in builds of its own, whatever this one holds.
if (!arguments.IsKillTable && !PlantedBug.Announce())
{
    return 2;
}

return arguments.IsKillTable ? KillTable.Run(arguments) : SeedRun.Run(arguments);
