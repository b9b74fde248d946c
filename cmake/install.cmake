# Lists what `cmake --install` installs, and where. script/install installs component `program`. The library's part is
# in library.cmake.
include(GNUInstallDirs)

install(TARGETS portico RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(FILES ${PROJECT_BINARY_DIR}/portico.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)

# The program itself prints the shells' completions.
function(_portico_completion shell file folder)
  set(made ${PROJECT_BINARY_DIR}/completion/${file})
  add_custom_command(OUTPUT ${made} COMMAND portico completion ${shell} > ${made} DEPENDS portico VERBATIM)
  add_custom_target(completion_${shell} ALL DEPENDS ${made})
  install(FILES ${made} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder} COMPONENT program)
endfunction()
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/completion)
_portico_completion(bash portico bash-completion/completions)
_portico_completion(zsh _portico zsh/site-functions)
_portico_completion(fish portico.fish fish/vendor_completions.d)
